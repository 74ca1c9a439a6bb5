//! Random histories of a small sales organisation: 8 reps in 3 teams, 12 accounts, 5 products, 2 currencies, 14 months.

mod corrections;
mod deals;
mod journal;
mod leads;
mod people;
mod sales;
mod service;
mod work;

use jiff::civil::{Date, date};
use scoreline_proto::events::v1::Event;

use super::{dice::Dice, tenant::Tenant};

/// The reps.
pub const REPS: [&str; 8] = ["ann", "bob", "cem", "dia", "eli", "fay", "gus", "hana"];
/// The teams that reps are in; the first two are parts of `field`.
pub const TEAMS: [&str; 3] = ["north", "south", "inside"];
/// The team above.
pub const TEAM_ABOVE: &str = "field";
/// The regions.
pub const REGIONS: [&str; 2] = ["east", "west"];
/// The accounts.
pub const ACCOUNTS: [&str; 12] = [
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A12",
];
/// The products.
pub const PRODUCTS: [&str; 5] = ["saw", "drill", "oil", "care", "cloud"];
/// The lead sources.
pub const SOURCES: [&str; 4] = ["web", "fair", "referral", "partner"];
/// The channels.
pub const CHANNELS: [&str; 4] = ["email", "phone", "chat", "shop"];

/// The first day on which something happens.
pub const FIRST_DAY: Date = date(2024, 1, 10);
/// The first day on which nothing happens any more, corrections and leavings excepted.
pub const LAST_DAY: Date = date(2025, 3, 20);

/// A tenant and all that its systems sent.
#[derive(Debug, Clone)]
pub struct History {
    /// What it was drawn from.
    pub seed: u64,
    /// What the tenant states.
    pub tenant: Tenant,
    /// Its events, in the order in which they were thought of.
    pub events: Vec<Event>,
}

impl History {
    /// The history of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tenant = Tenant::draw(&mut dice);
        let mut journal = journal::Journal::new(dice);
        people::tell(&mut journal);
        let leads = leads::tell(&mut journal);
        let deals = deals::tell(&mut journal, &leads);
        work::tell(&mut journal, &leads, &deals);
        sales::tell(&mut journal);
        service::tell(&mut journal);
        corrections::tell(&mut journal);
        Self {
            seed,
            tenant,
            events: journal.events,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_has_one_history_of_some_hundred_events() {
        for seed in 0..20 {
            let history = History::draw(seed);
            assert_eq!(history.events, History::draw(seed).events);
            assert!(
                (300..=1_000).contains(&history.events.len()),
                "{} events",
                history.events.len()
            );
            let ids: BTreeSet<_> = history.events.iter().map(|event| &event.event_id).collect();
            assert_eq!(ids.len(), history.events.len());
        }
    }
}
