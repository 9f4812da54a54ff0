use std::path::PathBuf;
use std::time::Duration;

use crate::cli::args::{CoverWord, WatchOptions};
use crate::cli::error::CliError;
use crate::run::{self, FILE_NAME, Request, Scope};
use crate::source::Origin;
use crate::spec::{Job, Links, Page, Pattern, Place, Placed, Scheduler, Spec, Suite, Watch};
use crate::watch::{Orders, now};

/// Where Django's repository is.
const DJANGO: &str = "https://github.com/django/django";

/// What is to be watched, and the file that says so.
pub struct Farm {
    pub watch: Watch,
    /// The file it is from; none where it is typed.
    pub spec: Option<Spec>,
    folder: PathBuf,
    /// What the file says.
    text: Option<String>,
}

impl Farm {
    /// What is typed, else what the file around the current folder says, else Django.
    pub fn of(options: &WatchOptions) -> Result<Self, CliError> {
        let select = &options.select;
        let lists = [
            &select.branch,
            &select.python,
            &select.database,
            &select.variant,
            &options.labels,
        ];
        let is_typed = !select.source.is_empty() || lists.iter().any(|list| !list.is_empty());
        let mut farm = if is_typed {
            Self::typed(options)?
        } else {
            match Self::here(select.matrix.as_deref())? {
                Some(farm) => farm,
                None => Self::typed(options)?,
            }
        };
        if let Some(interval) = options.interval {
            farm.watch.interval = interval;
        }
        if let Some(listen) = options.listen {
            let page = farm.watch.page.take();
            let page = page.unwrap_or_else(|| Page::at(listen));
            farm.watch.page = Some(Page { listen, ..page });
        }
        Ok(farm)
    }

    /// What the file around the current folder says, or one of this name; none where it
    /// has no `[watch]`.
    pub fn here(matrix: Option<&str>) -> Result<Option<Self>, CliError> {
        let folder = std::env::current_dir().map_err(CliError::read("."))?;
        if matrix.is_none() && run::of_project(&folder).is_none() {
            return Ok(None);
        }
        let file = run::matrix_text(matrix, &folder)?;
        let spec = run::parse(&file, &run::releases(None, &folder)?, &folder)?;
        Ok(spec.watch.clone().map(|watch| Self {
            watch,
            spec: Some(spec),
            folder,
            text: Some(file.text.to_string()),
        }))
    }

    /// A path that the matrix file names, which starts where it is.
    pub fn beside(&self, path: &str) -> PathBuf {
        let file = self.spec.as_ref().map_or("", |spec| &spec.name);
        let file = self.folder.join(file);
        file.parent().unwrap_or(&self.folder).join(path)
    }

    fn typed(options: &WatchOptions) -> Result<Self, CliError> {
        let select = &options.select;
        let place = Place {
            file: "the command line".into(),
            line: 1,
        };
        let mut sources = Vec::new();
        for origin in &select.source {
            let Origin::Git(url) = origin else {
                return Err(CliError::Usage(format!(
                    "--source {origin}: only a git URL can be watched; that of a folder is \
                     file:///path"
                )));
            };
            sources.push(url.clone());
        }
        if sources.is_empty() {
            sources.push(DJANGO.to_owned());
        }
        let glob = |typed: &String| {
            Pattern::new(typed).map_err(|why| CliError::Usage(format!("--branch {typed}: {why}")))
        };
        let placed = |value| Placed {
            value,
            place: place.clone(),
        };
        let mut scheduler = Scheduler::usual(place.clone());
        if !select.branch.is_empty() {
            let globs = select.branch.iter().map(glob);
            scheduler.branches = globs.collect::<Result<_, _>>()?;
        }
        scheduler.job = Job::Suite(Suite {
            matrix: Some(select.matrix.clone().unwrap_or_else(|| "django".to_owned())),
            pythons: select.python.clone(),
            databases: select.database.clone(),
            variants: select.variant.clone(),
            cover: match select.cover {
                CoverWord::All => None,
                CoverWord::Pairwise => Some("pairwise".to_owned()),
                CoverWord::Each => Some("each".to_owned()),
                CoverWord::MinMax => Some("min-max".to_owned()),
            },
            labels: options.labels.clone(),
            flags: Vec::new(),
        });
        Ok(Self {
            watch: Watch {
                sources: sources.into_iter().map(placed).collect(),
                interval: Duration::from_secs(300),
                schedulers: vec![scheduler],
                receivers: Vec::new(),
                login: None,
                bisect_per_day: Watch::BISECT_PER_DAY,
                links: Links::default(),
                page: None,
                place: place.clone(),
            },
            spec: None,
            text: None,
            folder: std::env::current_dir().map_err(CliError::read("."))?,
        })
    }

    /// What a watcher goes by that begins with this.
    pub fn orders(self, options: &WatchOptions) -> Orders {
        Orders {
            base: self.base(options),
            watch: self.watch,
            since: now(),
        }
    }

    /// What it goes by where nobody typed anything.
    pub fn plain_orders(self) -> Orders {
        Orders {
            base: self.plain(),
            watch: self.watch,
            since: now(),
        }
    }

    fn plain(&self) -> Request {
        let matrix = match &self.spec {
            Some(spec) if spec.name != FILE_NAME => Some(spec.name.clone()),
            _ => None,
        };
        Request::of(Scope {
            folder: self.folder.clone(),
            matrix,
            text: self.text.clone(),
            ..Scope::default()
        })
    }

    /// What it goes by that reads its file again. What was typed stays as it is.
    pub fn again(is_typed: bool, options: &WatchOptions) -> Result<Orders, CliError> {
        if is_typed {
            return Ok(Self::of(options)?.orders(options));
        }
        let found = Self::here(options.select.matrix.as_deref())?;
        let mut farm = found.ok_or_else(|| {
            CliError::Usage(format!(
                "there is no {FILE_NAME} with a [watch] table here any more"
            ))
        })?;
        if let Some(interval) = options.interval {
            farm.watch.interval = interval;
        }
        Ok(farm.orders(options))
    }

    /// What runs are like where schedulers say nothing else. The file may say something
    /// else when they begin: until it is read again, what it said counts.
    fn base(&self, options: &WatchOptions) -> Request {
        let mut base = self.plain();
        base.scope.jobs = options.select.jobs;
        base.scope.budget = options.select.budget;
        base.scope.releases.clone_from(&options.select.releases);
        base.pace = options.pace.pacing();
        base.images = options.images.images();
        base.retention = options.keeping.retention();
        base
    }
}
