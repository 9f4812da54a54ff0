use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::model::Moment;

/// How many wrong passwords are forgiven.
const FREE: u32 = 5;
/// How long the first pause is; each further wrong one doubles it.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After how long without a try all is forgotten.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// How many names and addresses are remembered.
const MOST: usize = 10_000;

/// Who tried how often. It is in memory alone: whoever can start djbuild again need not
/// guess passwords.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: HashMap<Who, Tries>,
}

/// By name, for who guesses from many places, and by place, for who guesses many names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Name(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Moment,
}

impl Tries {
    fn until(self) -> Option<Moment> {
        let over = self.wrong.checked_sub(FREE)?;
        let factor = 1_u32 << over.min(10);
        Some(self.last.plus((FIRST * factor).min(LONGEST)))
    }
}

impl Throttle {
    /// Counts a try as a wrong one, so that many at once are many.
    ///
    /// # Errors
    /// When it comes too early: with the time from which on one is heard. It is not
    /// counted then.
    pub fn begin(&mut self, name: &str, address: IpAddr, now: Moment) -> Result<(), Moment> {
        let both = both(name, address);
        let until = both
            .iter()
            .filter_map(|who| self.tries.get(who))
            .filter(|tries| now.since(tries.last) < MEMORY)
            .filter_map(|tries| tries.until())
            .max();
        if let Some(until) = until.filter(|until| *until > now) {
            return Err(until);
        }
        self.make_room(now);
        for who in both {
            let tries = self.tries.entry(who).or_insert(Tries {
                wrong: 0,
                last: now,
            });
            if now.since(tries.last) >= MEMORY {
                tries.wrong = 0;
            }
            tries.wrong = tries.wrong.saturating_add(1);
            tries.last = now;
        }
        Ok(())
    }

    /// Nobody could say whether it was right: it is as if it had not been.
    pub fn take_back(&mut self, name: &str, address: IpAddr) {
        for who in both(name, address) {
            self.one_less(&who);
        }
    }

    /// It was right: the name has a clean slate. The address has not, or whoever has a
    /// name of their own could clean it between guesses.
    pub fn right(&mut self, name: &str, address: IpAddr) {
        let [name, address] = both(name, address);
        self.tries.remove(&name);
        self.one_less(&address);
    }

    fn one_less(&mut self, who: &Who) {
        if let Some(tries) = self.tries.get_mut(who) {
            tries.wrong = tries.wrong.saturating_sub(1);
            if tries.wrong == 0 {
                self.tries.remove(who);
            }
        }
    }

    /// Forgets those whose time is over, and where that is not enough, those who tried
    /// least.
    fn make_room(&mut self, now: Moment) {
        if self.tries.len() + 2 <= MOST {
            return;
        }
        self.tries.retain(|_, tries| now.since(tries.last) < MEMORY);
        if self.tries.len() + 2 <= MOST {
            return;
        }
        let mut all: Vec<(u32, Moment)> = self.tries.values().map(|t| (t.wrong, t.last)).collect();
        let middle = all.len() / 2;
        let (_, bound, _) = all.select_nth_unstable(middle);
        let bound = *bound;
        self.tries
            .retain(|_, tries| (tries.wrong, tries.last) > bound);
    }
}

fn both(name: &str, address: IpAddr) -> [Who; 2] {
    // Long names are nobody's, and all of them one to us.
    let name: String = name
        .chars()
        .take(150)
        .flat_map(char::to_lowercase)
        .collect();
    [Who::Name(name), Who::Address(place(address))]
}

/// Of version 6, what one customer has: they have all addresses in it.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn seconds(count: i64) -> Moment {
        Moment(count * 1000)
    }

    fn elsewhere(number: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from(number))
    }

    #[test]
    fn five_are_forgiven_and_then_pauses_double_up_to_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.begin("a", HERE, seconds(0)), Ok(()));
        }
        let mut now = 0;
        for pause in [5, 10, 20, 40, 80, 160, 320, 640, 900, 900] {
            let early = throttle.begin("a", HERE, seconds(now + pause - 1));
            assert_eq!(early, Err(seconds(now + pause)));
            now += pause;
            assert_eq!(throttle.begin("a", HERE, seconds(now)), Ok(()));
        }
        assert_eq!(throttle.begin("a", HERE, seconds(now + 3600)), Ok(()));
        assert_eq!(throttle.begin("a", HERE, seconds(now + 3600)), Ok(()));
    }

    #[test]
    fn a_name_is_guarded_wherever_guesses_come_from_and_a_place_whatever_it_guesses() {
        let mut throttle = Throttle::default();
        for number in 0..5 {
            assert_eq!(throttle.begin("a", elsewhere(number), seconds(0)), Ok(()));
        }
        assert!(throttle.begin("A", elsewhere(9), seconds(1)).is_err());
        assert_eq!(throttle.begin("b", elsewhere(9), seconds(1)), Ok(()));
        for number in 0..4 {
            let name = format!("x{number}");
            assert_eq!(throttle.begin(&name, elsewhere(9), seconds(1)), Ok(()));
        }
        assert!(throttle.begin("c", elsewhere(9), seconds(1)).is_err());
        let [one, other] = ["2001:db8::1", "2001:db8::ffff:2"].map(|a| a.parse().expect("valid"));
        assert_eq!(place(one), place(other));
        assert_eq!(place("::ffff:127.0.0.1".parse().expect("valid")), HERE);
    }

    #[test]
    fn a_right_password_cleans_the_name_and_not_the_place() {
        let mut throttle = Throttle::default();
        for number in 0..8 {
            let guess = throttle.begin(&format!("v{number}"), HERE, seconds(0));
            assert_eq!(guess.is_ok(), number < 5);
            if guess.is_ok() && throttle.begin("mine", HERE, seconds(0)).is_ok() {
                throttle.right("mine", HERE);
            }
        }
        for _ in 0..20 {
            assert_eq!(throttle.begin("b", elsewhere(1), seconds(0)), Ok(()));
            throttle.take_back("b", elsewhere(1));
        }
    }

    #[test]
    fn however_many_try_memory_is_bounded_and_the_worst_are_remembered() {
        let mut throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.begin("a", HERE, seconds(0)), Ok(()));
        }
        for number in 0..50_000 {
            let name = format!("n{number}");
            let _ = throttle.begin(&name, elsewhere(number), seconds(1));
            assert!(throttle.tries.len() <= MOST);
        }
        assert!(throttle.begin("a", HERE, seconds(2)).is_err());
    }
}
