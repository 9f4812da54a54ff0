use std::mem::discriminant;

use sha2::{Digest, Sha256};

use super::helm::Reread;
use super::news::tell_trouble;
use super::station::{Work, now};
use super::wrong_file::WrongFile;
use super::{Happening, Orders, Station, adopt};
use crate::model::hex;
use crate::spec::{Scheduler, Watch};
use crate::store::farm::Farm;

impl Station {
    /// Reads the file again if somebody wants it: all of it is taken, or nothing. What
    /// began under the old orders ends under them.
    pub(super) fn read_again(&self, farm: &mut Farm, work: &mut Work) {
        let askers = self.helm.askers();
        if askers.is_empty() {
            return;
        }
        (self.on)(Happening::Rereads);
        let reread = match (self.read_again)() {
            Ok(new) => self.take(farm, work, new),
            Err(why) => Err(self.refuse(farm, why)),
        };
        (self.on)(Happening::Reread(reread.clone()));
        for asker in askers {
            // Whoever asked may have gone.
            let _ = asker.send(reread.clone());
        }
    }

    fn take(&self, farm: &mut Farm, work: &mut Work, new: Orders) -> Reread {
        let old = self.helm.orders();
        let adopted = farm.within(|book| {
            for name in other_triggers(&old.watch, &new.watch) {
                book.forget_scheduler(name)?;
            }
            adopt(book, &new.watch, now())
        });
        adopted.map_err(|error| format!("the file is right, and was not taken: {error}"))?;
        let changes = old.changes_to(&new);
        self.helm.take(new);
        work.rounds.last = None;
        if let Err(error) = WrongFile::of(&self.home).note(None) {
            (self.on)(Happening::Trouble(error.to_string()));
        }
        Ok(match changes.as_slice() {
            [] => "the file was read again: nothing has changed".to_owned(),
            some => format!("the file was read again: {}", some.join(", ")),
        })
    }

    /// Goes on by the old file, and tells why: receivers once for each reason.
    fn refuse(&self, farm: &mut Farm, why: String) -> String {
        let orders = self.helm.orders();
        let digest = hex(&Sha256::digest(why.as_bytes())[..8]);
        let id = format!("file {} {digest}", orders.since.0);
        let words = format!("the watcher's file is wrong, and what it said before holds: {why}");
        let told = farm.within(|book| tell_trouble(book, &orders.watch, &id, &words, now()));
        let noted = WrongFile::of(&self.home).note(Some(&why));
        for error in [told.err(), noted.err()].into_iter().flatten() {
            (self.on)(Happening::Trouble(error.to_string()));
        }
        why
    }
}

/// The schedulers that another kind of thing sets off than before, which are new ones:
/// where a clock did, commits have not been waited with.
fn other_triggers<'a>(old: &Watch, new: &'a Watch) -> impl Iterator<Item = &'a str> {
    let is_other = |one: &&Scheduler| {
        let mut before = old.schedulers.iter();
        before.any(|other| {
            other.name == one.name && discriminant(&other.trigger) != discriminant(&one.trigger)
        })
    };
    let others = new.schedulers.iter().filter(is_other);
    others.map(|one| one.name.as_str())
}
