use std::collections::BTreeSet;

use crate::model::Cell;

/// So many cells are named one by one.
const NAMED: usize = 3;

/// Names some of the cells of a run by what they have in common and the others have
/// not: `every cell`, `every postgresql17`, `every python3.15`; by their names where
/// there is no such thing.
pub fn name_of(some: &[String], all: &[String]) -> String {
    let (some, all): (BTreeSet<&String>, BTreeSet<&String>) =
        (some.iter().collect(), all.iter().collect());
    if some.len() > 1 && some == all {
        return "every cell".to_owned();
    }
    if some.len() > 1 {
        let mut cells: Vec<(&String, Cell)> = Vec::new();
        for name in &all {
            cells.extend(name.parse().map(|cell| (*name, cell)));
        }
        let traits: [&dyn Fn(&Cell) -> String; 4] = [
            &|cell| database_kind(cell),
            &|cell| cell.database.to_string(),
            &|cell| format!("python{}", cell.python),
            &|cell| cell.variant.as_deref().unwrap_or_default().to_owned(),
        ];
        for of in traits {
            for value in cells
                .iter()
                .map(|(_, cell)| of(cell))
                .collect::<BTreeSet<_>>()
            {
                let those = cells.iter().filter(|(_, cell)| of(cell) == value);
                let those: BTreeSet<&String> = those.map(|(name, _)| *name).collect();
                if !value.is_empty() && those == some {
                    return format!("every {value}");
                }
            }
        }
    }
    let names: Vec<&str> = some.iter().map(|name| name.as_str()).collect();
    match names.len() {
        count if count <= NAMED => names.join(", "),
        count => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
    }
}

fn database_kind(cell: &Cell) -> String {
    let name = cell.database.to_string();
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("main-{name}")).collect()
    }

    #[test]
    fn cells_are_named_by_what_they_share_and_the_others_have_not() {
        let all = cells(&[
            "python3.13-sqlite",
            "python3.13-postgresql17",
            "python3.13-postgresql18",
            "python3.14-sqlite",
            "python3.14-postgresql17",
            "python3.14-postgresql18",
        ]);
        let pick = |part: &str| {
            let has = |name: &&String| name.contains(part);
            all.iter().filter(has).cloned().collect::<Vec<String>>()
        };
        assert_eq!(name_of(&all, &all), "every cell");
        assert_eq!(name_of(&pick("postgresql"), &all), "every postgresql");
        assert_eq!(name_of(&pick("postgresql17"), &all), "every postgresql17");
        assert_eq!(name_of(&pick("3.14"), &all), "every python3.14");
        assert_eq!(name_of(&all[..1], &all), "main-python3.13-sqlite");
        assert_eq!(
            name_of(&all[..4], &all),
            "main-python3.13-postgresql17, main-python3.13-postgresql18, \
             main-python3.13-sqlite and 1 more"
        );
    }
}
