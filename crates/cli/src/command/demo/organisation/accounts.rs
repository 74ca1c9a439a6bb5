//! The accounts: companies that leads turn out to belong to.

use scoreline_core::{event::AccountDescribed, id::AccountId};

use super::{
    World,
    currencies::Coin,
    days::Moment,
    dice::Dice,
    journal::{System, name},
    places::{REGIONS, territory_id},
};

const SEGMENTS: [(&str, f64); 3] = [
    ("Small business", 7_500.0),
    ("Mid-market", 22_000.0),
    ("Enterprise", 68_000.0),
];
const INDUSTRIES: [&str; 8] = [
    "Manufacturing",
    "Retail",
    "Logistics",
    "Healthcare",
    "Finance",
    "Energy",
    "Education",
    "Public sector",
];
const FIRST: [&str; 20] = [
    "Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Iris", "Juniper", "Kestrel", "Lumen",
    "Meridian", "Nimbus", "Orchard", "Pioneer", "Quarry", "Ridge", "Summit", "Tundra",
];
const SECOND: [&str; 16] = [
    "Foods", "Freight", "Labs", "Works", "Clinics", "Bank", "Power", "Schools", "Textiles", "Motors", "Media",
    "Pharma", "Systems", "Paper", "Optics", "Marine",
];

/// An account.
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) region: usize,
    segment: usize,
    /// How much it buys and says; a power law.
    pub(super) appetite: f64,
    /// When it became an account.
    pub(super) since: Moment,
    /// The rep who looks after it.
    pub(super) rep: usize,
    /// Where its lead came from.
    pub(super) source: usize,
    /// When it first bought.
    pub(super) customer_since: Option<Moment>,
}

impl Account {
    pub(super) fn coin(&self) -> Coin {
        REGIONS[self.region].coin
    }

    pub(super) fn opens(&self) -> i64 {
        REGIONS[self.region].opens
    }

    /// The middle of what its deals amount to.
    pub(super) fn deal_size(&self) -> f64 {
        SEGMENTS[self.segment].1
    }

    /// How much longer than a small one its deals take.
    pub(super) fn pace(&self) -> f64 {
        [0.8, 1.1, 1.6][self.segment]
    }
}

/// Tells a new account and returns its position.
pub(super) fn tell(world: &mut World, dice: &mut Dice, at: Moment, rep: usize, source: usize) -> usize {
    let number = world.accounts.len();
    let region = world.people.reps[rep].region();
    let segment = dice.pick(&[0, 0, 0, 0, 0, 1, 1, 1, 2]);
    let first = FIRST[number % FIRST.len()];
    let second = SECOND[(number / FIRST.len()) % SECOND.len()];
    let round = number / (FIRST.len() * SECOND.len());
    let title = if round == 0 {
        format!("{first} {second}")
    } else {
        format!("{first} {second} {}", round + 1)
    };
    let account = Account {
        id: AccountId::new(format!("account-{:05}", number + 1)).expect("a short name"),
        region,
        segment,
        appetite: dice.pareto(1.3),
        since: at,
        rep,
        source,
        customer_since: None,
    };
    let payload = AccountDescribed {
        account: account.id.clone(),
        name: Some(name(title)),
        segment: Some(name(SEGMENTS[segment].0)),
        industry: Some(name(dice.pick(&INDUSTRIES))),
        territory: Some(territory_id(region, dice.index(4))),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Crm, at, payload);
    world.accounts.push(account);
    number
}
