//! Quotas of reps, targets of the organisation and its teams, quarter by quarter.

use jiff::civil::Date;
use scoreline_core::{
    event::{TargetScope, TargetSet},
    id::TargetId,
    money::PER_UNIT,
};

use super::{
    World,
    currencies::{Coin, rounded},
    days::{HOUR, Quarter},
    dice::Dice,
    journal::{System, name},
    places::{TEAMS, team_id},
};

/// Reps who joined at most so many days before a quarter are still ramping in it.
const RAMPING: usize = 75;
const RAMP_PPM: [u32; 3] = [300_000, 550_000, 800_000];

/// What was sold, in US dollars (micro-units): what sensible targets lie near.
pub(super) struct Tally {
    bookings: Vec<Vec<i64>>,
    revenue: Vec<Vec<i64>>,
}

impl Tally {
    pub(super) fn new(quarters: usize, reps: usize) -> Self {
        Self {
            bookings: vec![vec![0; reps]; quarters],
            revenue: vec![vec![0; TEAMS]; quarters],
        }
    }

    pub(super) fn book(&mut self, quarter: usize, rep: usize, micros: i64) {
        self.bookings[quarter][rep] += micros;
    }

    pub(super) fn earn(&mut self, quarter: usize, team: usize, micros: i64) {
        self.revenue[quarter][team] += micros;
    }
}

/// Tells all quotas and targets, a little above what came about.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    let ambition: Vec<f64> = (0..TEAMS).map(|_| dice.range(0.97, 1.2)).collect();
    for at in 0..world.days.quarters.len() {
        let quarter = world.days.quarters[at];
        let heads = world.people.heads(quarter.first.min(world.days.len() - 1)) as f64;
        // The quarter that is not over is judged by the one before.
        let over = quarter.after <= world.days.len();
        let judged = if over || at == 0 { at } else { at - 1 };
        let each = dollars(world.tally.bookings[judged].iter().sum()) / heads;
        for rep in 0..world.people.reps.len() {
            quota(world, quarter, rep, each * ambition[world.people.reps[rep].team]);
        }
        let earned = world.tally.revenue[judged].clone();
        for (team, ambition) in ambition.iter().enumerate() {
            let amount = dollars(earned[team]) * ambition;
            set(
                world,
                quarter,
                &format!("team-{team}"),
                TargetScope::Team(team_id(team)),
                ("revenue", amount),
                &[],
            );
        }
        let amount = dollars(earned.iter().sum()) * dice.range(0.98, 1.1);
        set(
            world,
            quarter,
            "all",
            TargetScope::Organisation,
            ("revenue", amount),
            &[],
        );
        let amount = each * heads * dice.range(1.02, 1.12);
        set(
            world,
            quarter,
            "all-bookings",
            TargetScope::Organisation,
            ("bookings", amount),
            &[],
        );
    }
}

fn quota(world: &mut World, quarter: Quarter, at: usize, amount: f64) {
    let rep = &world.people.reps[at];
    let last = (quarter.after - 1).min(world.days.len() - 1);
    if rep.joined > last || rep.left.is_some_and(|left| left <= quarter.first) {
        return;
    }
    let ramping = rep.joined > 0 && rep.joined + RAMPING > quarter.first;
    let scope = TargetScope::Rep(rep.id.clone());
    let key = rep.id.as_str().to_owned();
    set(
        world,
        quarter,
        &key,
        scope,
        ("bookings", amount),
        if ramping { &RAMP_PPM } else { &[] },
    );
}

fn set(
    world: &mut World,
    quarter: Quarter,
    key: &str,
    scope: TargetScope,
    (metric, amount): (&str, f64),
    ramp_ppm: &[u32],
) {
    let payload = TargetSet {
        target: TargetId::new(format!("{key}-{}", label(quarter.start))).expect("a short name"),
        scope,
        metric: name(metric),
        start: quarter.start,
        end: quarter.end,
        amount: rounded(amount, 1_000.0),
        currency: Some(Coin::Usd.currency()),
        ramp_ppm: ramp_ppm.to_vec(),
    };
    let at = world.days.midnight(quarter.first.min(world.days.len() - 1)) + 9 * HOUR;
    world.journal.tell(System::Finance, at, payload);
}

fn label(start: Date) -> String {
    format!("{}-Q{}", start.year(), (start.month() - 1) / 3 + 1)
}

fn dollars(micros: i64) -> f64 {
    micros as f64 / PER_UNIT as f64
}
