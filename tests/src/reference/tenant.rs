//! What a generated tenant states once.

use jiff::tz::TimeZone;
use scoreline_proto::{
    tenants::v1::{
        Crediting, CustomerLifecycle, FiscalCalendar, Pipeline, RevenueSource, Settings, Stage, SubscriptionLifecycle,
        TransactionalLifecycle, customer_lifecycle,
    },
    types::v1::DayOfWeek,
};

use super::dice::Dice;

/// The stages of the one pipeline, first to last.
pub const STAGES: [&str; 4] = ["discovery", "evaluation", "proposal", "contract"];
/// The name of the one pipeline.
pub const PIPELINE: &str = "standard";
/// The currencies of the world.
pub const CURRENCIES: [&str; 2] = ["EUR", "USD"];

/// The time zones that tenants are in.
const ZONES: [&str; 4] = ["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC"];

/// What a tenant states.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its time zone.
    pub zone: &'static str,
    /// The currency of its answers.
    pub currency: &'static str,
    /// After how many days a buyer is gone; `None`: customers are those with a subscription.
    pub window_days: Option<i32>,
    /// Whether won deals are its revenue, and not orders.
    pub deals_are_revenue: bool,
    /// Whether a deal's amount is its owner's, whatever its splits.
    pub owner_is_credited: bool,
    /// The month in which its year starts.
    pub year_starts: i8,
    /// Whether its weeks start on Sunday, and not on Monday.
    pub weeks_start_on_sunday: bool,
}

impl Tenant {
    /// A random tenant.
    pub fn draw(dice: &mut Dice) -> Self {
        Self {
            zone: ZONES[usize::try_from(dice.between(0, 4)).expect("a small number")],
            currency: CURRENCIES[usize::try_from(dice.between(0, 2)).expect("a small number")],
            window_days: *dice.pick(&[None, Some(45), Some(120), Some(365)]),
            deals_are_revenue: dice.percent(30),
            owner_is_credited: dice.percent(30),
            year_starts: i8::try_from(*dice.pick(&[1, 1, 2, 4])).expect("a month"),
            weeks_start_on_sunday: dice.percent(30),
        }
    }

    /// Its time zone.
    ///
    /// # Panics
    /// When the calendar library does not know it.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).expect("a known zone")
    }

    /// The same on the wire.
    pub fn settings(&self) -> Settings {
        let lifecycle = match self.window_days {
            Some(window_days) => customer_lifecycle::Policy::Transactional(TransactionalLifecycle { window_days }),
            None => customer_lifecycle::Policy::Subscription(SubscriptionLifecycle {}),
        };
        let revenue = if self.deals_are_revenue {
            RevenueSource::WonOpportunities
        } else {
            RevenueSource::Orders
        };
        let crediting = if self.owner_is_credited {
            Crediting::Owner
        } else {
            Crediting::Splits
        };
        let week_start = if self.weeks_start_on_sunday {
            DayOfWeek::Sunday
        } else {
            DayOfWeek::Monday
        };
        let calendar = FiscalCalendar {
            year_start_month: self.year_starts.into(),
            week_start: week_start.into(),
            ..FiscalCalendar::default()
        };
        let stages = STAGES
            .into_iter()
            .zip(["0", "0.2", "0.5", "0.8"])
            .map(|(name, probability)| Stage {
                name: name.to_owned(),
                probability: probability.to_owned(),
                ..Stage::default()
            });
        Settings {
            time_zone: self.zone.to_owned(),
            reporting_currency_code: self.currency.to_owned(),
            fiscal_calendar: Some(calendar),
            customer_lifecycle: Some(CustomerLifecycle {
                policy: Some(lifecycle),
            }),
            revenue_source: revenue.into(),
            crediting: crediting.into(),
            pipelines: vec![Pipeline {
                name: PIPELINE.to_owned(),
                default: true,
                stages: stages.collect(),
            }],
            ..Settings::default()
        }
    }
}
