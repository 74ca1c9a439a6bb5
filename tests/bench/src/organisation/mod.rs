//! A sales organisation over three years, drawn from a seed: sparse and uneven, as real ones are.
//!
//! Amounts are log-normal; accounts and reps follow power laws; days have a season, a trend and weekends. What happened is
//! drawn account by account, so that a size of any number of rows takes the memory of one account, and told twice: as
//! [`crate::events`] for Scoreline, as [`crate::tables`] for the engines that it is compared with.

mod calendar;
mod dice;
mod family;

pub(crate) use self::{
    calendar::{Moment, QUARTERS, day_of},
    dice::{Dice, Wheel},
    family::{Family, Movement},
};

pub(crate) const REPS: usize = 1_000;
pub(crate) const ACCOUNTS: usize = 60_000;
pub(crate) const REGIONS: [&str; 8] = [
    "north", "south", "east", "west", "central", "coast", "lakes", "overseas",
];
pub(crate) const STAGES: [&str; 5] = ["prospecting", "qualification", "proposal", "negotiation", "commit"];
pub(crate) const KINDS: [&str; 8] = [
    "call",
    "email",
    "demo",
    "presentation",
    "proposal",
    "follow_up",
    "networking_event",
    "other",
];
pub(crate) const SOURCES: [&str; 12] = [
    "website",
    "referral",
    "partner",
    "trade_show",
    "cold_call",
    "webinar",
    "newsletter",
    "search",
    "social",
    "retargeting",
    "marketplace",
    "other",
];
pub(crate) const PRODUCTS: usize = 24;

/// How large an organisation is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Size {
    /// Its name in reports and folders.
    pub(crate) name: &'static str,
    /// In proportion to M: a million opportunities, three million leads, ten million activities.
    pub(crate) scale: f64,
    /// So many of the accounts have any history.
    pub(crate) accounts: usize,
}

impl Size {
    pub(crate) const XS: Self = Self {
        name: "XS",
        scale: 0.01,
        accounts: ACCOUNTS,
    };
    pub(crate) const S: Self = Self {
        name: "S",
        scale: 0.1,
        accounts: ACCOUNTS,
    };
    pub(crate) const M: Self = Self {
        name: "M",
        scale: 1.0,
        accounts: ACCOUNTS,
    };

    /// The size of a name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        [Self::XS, Self::S, Self::M]
            .into_iter()
            .find(|size| size.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("no size `{name}`: there are XS, S and M"))
    }
}

/// The organisation: who is there, and whose history can be drawn.
pub(crate) struct Organisation {
    pub(crate) size: Size,
    seed: u64,
    reps: Wheel,
    accounts: Wheel,
    sources: Wheel,
    products: Wheel,
    calendar: calendar::Calendar,
}

impl Organisation {
    pub(crate) fn new(size: Size, seed: u64) -> Self {
        Self {
            size,
            seed,
            reps: Wheel::power_law(REPS, 0.6),
            accounts: Wheel::power_law(ACCOUNTS, 0.7),
            sources: Wheel::power_law(SOURCES.len(), 0.8),
            products: Wheel::power_law(PRODUCTS, 0.9),
            calendar: calendar::Calendar::new(),
        }
    }

    /// What happened with an account.
    pub(crate) fn family(&self, account: usize) -> Family {
        family::draw(self, account)
    }

    /// The quota of a rep in a quarter, in cents.
    pub(crate) fn quota(&self, rep: usize, quarter: usize) -> i64 {
        let mut dice = Dice::new(self.seed ^ (rep as u64) << 20 ^ quarter as u64);
        let usual = 9_000_000.0 * self.size.scale * self.reps.relative(rep);
        dice.log_normal(usual.max(100.0), 0.2) as i64
    }

    pub(crate) fn rep_name(rep: usize) -> String {
        format!("rep-{rep:04}")
    }

    pub(crate) fn region(rep: usize) -> &'static str {
        REGIONS[rep * 7 % REGIONS.len()]
    }

    pub(crate) fn product(product: usize) -> String {
        format!("product-{product:02}")
    }
}
