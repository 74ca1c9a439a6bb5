//! A sales organisation that never was: two years and more of its events, made from a seed.
//!
//! The same seed, scale and day give the same events, byte for byte. Each area of the business is a file; what one area
//! decides (a deal is won) the next ones take up (an order, a subscription, a survey).

mod accounts;
mod activities;
mod coaching;
mod corrections;
mod currencies;
mod days;
mod deals;
mod dice;
mod journal;
mod leads;
mod meetings;
mod orders;
mod people;
mod places;
mod products;
mod service;
mod sources;
mod stages;
mod subscriptions;
mod surveys;
mod targets;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use scoreline_core::{event::Event, id::LeadId};

use self::{
    accounts::Account,
    currencies::Currencies,
    days::{Days, Moment},
    deals::Deal,
    dice::Dice,
    journal::Journal,
    people::People,
    targets::Tally,
};

/// How many leads, opportunities and activities there are at least, at scale 1.
pub(super) const LEADS: usize = 20_000;
pub(super) const OPPORTUNITIES: usize = 6_000;
pub(super) const ACTIVITIES: usize = 150_000;

/// What to make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The seed of everything.
    pub(super) seed: u64,
    /// How large: 1 has [`LEADS`] leads. The number of reps stays.
    pub(super) scale: f64,
    /// The first day of which nothing is known yet.
    pub(super) today: Date,
}

impl Plan {
    /// So many at this scale.
    fn of(&self, count: usize) -> usize {
        (count as f64 * self.scale).ceil() as usize
    }
}

/// The organisation while its history is made.
struct World {
    days: Days,
    people: People,
    currencies: Currencies,
    journal: Journal,
    accounts: Vec<Account>,
    deals: Vec<Deal>,
    /// Leads that nobody has disqualified, with their owner and creation.
    leads: Vec<(LeadId, usize, Moment)>,
    tally: Tally,
    orders: usize,
}

/// All events, in the order in which they arrive.
pub(super) fn generate(plan: &Plan) -> Vec<Event> {
    let mut dice = Dice::new(plan.seed);
    let mut world = World::new(plan, &mut dice);
    leads::tell(&mut world, &mut dice.fork(), plan.of(LEADS));
    deals::tell_more(&mut world, &mut dice.fork(), plan.of(OPPORTUNITIES));
    orders::tell_repeats(&mut world, &mut dice.fork());
    sources::tell(&mut world, &mut dice.fork(), LEADS as f64 * plan.scale);
    meetings::tell(&mut world, &mut dice.fork());
    service::tell(&mut world, &mut dice.fork());
    surveys::tell(&mut world, &mut dice.fork());
    coaching::tell(&mut world, &mut dice.fork());
    targets::tell(&mut world, &mut dice.fork());
    activities::tell_rest(&mut world, &mut dice.fork(), plan.of(ACTIVITIES + ACTIVITIES / 400));
    corrections::tell(&mut world, &mut dice.fork());
    world.journal.into_events()
}

impl World {
    fn new(plan: &Plan, dice: &mut Dice) -> Self {
        let days = Days::until(plan.today);
        let mut journal = Journal::new(days.end(), plan.of(320_000));
        places::tell(&days, &mut journal);
        products::tell(&days, &mut journal);
        let people = People::tell(&days, &mut dice.fork(), &mut journal);
        let currencies = Currencies::tell(&days, &mut dice.fork(), &mut journal);
        let tally = Tally::new(days.quarters.len(), people.reps.len());
        let (accounts, deals, leads) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            days,
            people,
            currencies,
            journal,
            accounts,
            deals,
            leads,
            tally,
            orders: 0,
        }
    }
}
