use rusqlite::params;

use super::{Book, StoreError};

impl Book<'_> {
    /// The schedulers that something is kept of.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept_schedulers(&self) -> Result<Vec<String>, StoreError> {
        self.rows(
            "SELECT name FROM scheduler UNION SELECT scheduler FROM interest
             UNION SELECT scheduler FROM pending ORDER BY 1",
            [],
            |row| row.get(0),
        )
    }

    /// The repositories and branches that a scheduler has seen.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn interests(&self, scheduler: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.rows(
            "SELECT repository, branch FROM interest WHERE scheduler = ?1
             ORDER BY repository, branch",
            [scheduler],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Has a scheduler see a branch for the first time when it comes to it again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn leave_branch(
        &self,
        scheduler: &str,
        (repository, branch): (&str, &str),
    ) -> Result<(), StoreError> {
        self.write(
            "leaves a branch",
            "DELETE FROM pending WHERE scheduler = ?1 AND change IN
             (SELECT id FROM change WHERE repository = ?2 AND branch = ?3)",
            params![scheduler, repository, branch],
        )?;
        self.write(
            "leaves a branch",
            "DELETE FROM interest WHERE scheduler = ?1 AND repository = ?2 AND branch = ?3",
            params![scheduler, repository, branch],
        )?;
        Ok(())
    }

    /// Forgets a scheduler: one of the same name is a new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn forget_scheduler(&self, name: &str) -> Result<(), StoreError> {
        for query in [
            "DELETE FROM pending WHERE scheduler = ?1",
            "DELETE FROM interest WHERE scheduler = ?1",
            "DELETE FROM scheduler WHERE name = ?1",
        ] {
            self.write("scheduler forgotten", query, [name])?;
        }
        Ok(())
    }

    /// Lets the same thing be asked for again that a request which came to nothing asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn free_cause(&self, request: i64) -> Result<(), StoreError> {
        self.write(
            "cause freed",
            "UPDATE request SET cause = cause || ', of request ' || id WHERE id = ?1",
            [request],
        )?;
        Ok(())
    }
}
