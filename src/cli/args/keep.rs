use std::time::Duration;

use clap::Args;

use super::duration;

/// How long runs are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Keeping runs")]
pub struct KeepOptions {
    /// How old a kept run may become
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    pub keep_for: Duration,
    /// How many runs are kept
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub keep_runs: u64,
    /// How much room kept runs may take: 500MB, 2GB
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = size)]
    pub keep_size: u64,
}

/// A number of bytes as typed.
fn size(typed: &str) -> Result<u64, String> {
    let problem = || "expected a size such as 500MB, 1.5GB or 2GiB".to_owned();
    let end = typed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(typed.len());
    let (number, unit) = typed.split_at(end);
    let number: f64 = number.parse().map_err(|_| problem())?;
    let unit: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(problem()),
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bytes = (number * unit).round() as u64;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("500MB"), Ok(500_000_000));
        assert_eq!(size("1.5 gb"), Ok(1_500_000_000));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        for typed in ["", "GB", "-1GB", "1XB", "1.2.3", "much"] {
            assert!(size(typed).is_err(), "{typed:?}");
        }
    }
}
