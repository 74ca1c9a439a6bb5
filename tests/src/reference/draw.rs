//! Random questions.

use jiff::{ToSpan as _, civil::Date};

use super::{
    dice::Dice,
    history::{ACCOUNTS, CHANNELS, FIRST_DAY, LAST_DAY, PRODUCTS, REGIONS, REPS, SOURCES, TEAM_ABOVE, TEAMS},
    metric,
    question::{Filter, Grain, Metric, Question},
    tenant::{CURRENCIES, STAGES},
    world::days_between,
};

/// The most metrics of a question.
const MOST_METRICS: i64 = 7;

/// The dimensions by which questions split and filter, and their values.
const DIMENSIONS: &[(&str, &[&str])] = &[
    ("rep", &REPS),
    ("team", &[TEAMS[0], TEAMS[1], TEAMS[2], TEAM_ABOVE]),
    ("team@1", &[TEAMS[2], TEAM_ABOVE]),
    ("region", &REGIONS),
    ("manager", &["mia", "noa"]),
    ("lead_source", &SOURCES),
    ("channel", &CHANNELS),
    ("product", &PRODUCTS),
    ("product_category", &["tools", "services"]),
    ("account", &ACCOUNTS),
    ("segment", &["small", "large"]),
    ("industry", &["crafts", "retail", "public"]),
    ("stage", &STAGES),
    ("opportunity_type", &["new_business", "upsell", "cross_sell", "renewal"]),
    ("activity_kind", &["call", "email", "demo", "likes", "travel"]),
    ("outcome", &["connected", "voicemail"]),
    ("close_reason", &["price", "timing", "broken"]),
    ("competitor", &["acme", "umbrella"]),
    ("campaign", &["spring", "autumn"]),
    ("currency", &CURRENCIES),
    ("cost_category", &["advertising", "salaries", "tools"]),
    ("survey_kind", &["nps", "csat", "service_quality"]),
    ("criterion", &["speed", "manners", "product_knowledge"]),
];

impl Question {
    /// A random question.
    pub fn draw(dice: &mut Dice) -> Self {
        let metrics = (0..dice.between(2, MOST_METRICS + 1))
            .map(|_| {
                let text: &&str = dice.pick(metric::ALL);
                Metric::new(text)
            })
            .collect();
        let dimensions = dimensions(dice);
        let grain = match dice.between(0, 10) {
            0..4 => Grain::Total,
            4 | 5 => Grain::Month,
            6 if dimensions.len() < 2 => Grain::Week,
            7 if dimensions.len() < 2 => Grain::Day,
            _ => Grain::Quarter,
        };
        let (from, to) = range(dice, if grain == Grain::Day { 40 } else { 430 });
        Self {
            metrics,
            from,
            to,
            grain,
            dimensions,
            filters: filters(dice),
            cohort: *dice.pick(&[None, None, Some(false), Some(true)]),
            current: dice.percent(20),
            currency: dice.percent(25).then(|| (*dice.pick(&CURRENCIES)).to_owned()),
        }
    }
}

fn dimensions(dice: &mut Dice) -> Vec<String> {
    let wanted = *dice.pick(&[0, 0, 1, 1, 1, 1, 2, 2, 3]);
    let mut names: Vec<&str> = DIMENSIONS.iter().map(|(name, _)| *name).collect();
    dice.shuffle(&mut names);
    names.into_iter().take(wanted).map(ToOwned::to_owned).collect()
}

fn range(dice: &mut Dice, most: i64) -> (Date, Date) {
    let days = i64::try_from(days_between(FIRST_DAY, LAST_DAY)).expect("some hundred days");
    let mut from = FIRST_DAY + dice.between(-20, days).days();
    if dice.percent(50) {
        from = from.first_of_month();
    }
    let to = from + dice.between(1, most).days();
    // Whatever is asked lies in the past.
    (from, to.min(LAST_DAY + 60.days()).max(from + 1.day()))
}

fn filters(dice: &mut Dice) -> Vec<Filter> {
    let wanted = *dice.pick(&[0, 0, 1, 1, 2]);
    (0..wanted).map(|_| filter(dice)).collect()
}

fn filter(dice: &mut Dice) -> Filter {
    let (dimension, known) = dice.pick(DIMENSIONS);
    let count = usize::try_from(dice.between(1, 3)).expect("a small number");
    let mut values: Vec<String> = known
        .iter()
        .map(|value| (*value).to_owned())
        .chain([String::new()])
        .collect();
    dice.shuffle(&mut values);
    values.truncate(count);
    Filter {
        dimension: (*dimension).to_owned(),
        values,
        exclude: dice.percent(35),
    }
}
