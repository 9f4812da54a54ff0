use std::collections::HashMap;
use std::sync::Arc;

use super::CellSummary;
use crate::model::CellName;

/// Where each cell is among those of a summary: with ten thousand of them, looking
/// for one at each event would be most of the work. It says nothing that they do not.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<HashMap<CellName, usize>>);

impl Places {
    /// The cell of this name among these, which may have been changed since.
    pub fn find<'a>(
        &mut self,
        cells: &'a mut [CellSummary],
        name: &CellName,
    ) -> Option<&'a mut CellSummary> {
        let place = self.0.get(name).copied();
        let is_it = |place: &usize| cells.get(*place).is_some_and(|cell| cell.is(name));
        let place = place.filter(is_it).or_else(|| {
            *self = Self::of(cells);
            self.0.get(name).copied()
        })?;
        cells.get_mut(place)
    }

    fn of(cells: &[CellSummary]) -> Self {
        let places = cells.iter().enumerate().rev();
        Self(Arc::new(
            places
                .map(|(place, cell)| (cell.name.clone(), place))
                .collect(),
        ))
    }
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
