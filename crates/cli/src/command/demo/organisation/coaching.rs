//! How reps spend their time, what they learn, and how they are assessed.

use jiff::civil::Weekday;
use scoreline_core::{
    event::{AssessmentMade, TimeSpent, TrainingCompleted},
    id::ActivityId,
};

use super::{
    World,
    days::{HOUR, Moment},
    dice::Dice,
    journal::{System, name},
};

/// Kind, whether customers are there, and hours a week.
const TIME: [(&str, bool, f64); 4] = [
    ("meetings", true, 9.0),
    ("calls", true, 10.0),
    ("administration", false, 11.0),
    ("travel", false, 5.0),
];
const CRITERIA: [&str; 3] = ["customer_engagement", "product_knowledge", "issue_resolution"];
const TRAININGS: [&str; 5] = [
    "Discovery calls",
    "Negotiation",
    "Product launch",
    "Objection handling",
    "Social selling",
];

/// Tells time sheets each Friday, assessments once a month, trainings now and then.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    for day in 0..world.days.len() {
        let (friday, first) = (
            world.days.days[day].weekday == Weekday::Friday,
            world.days.days[day].date.day() == 15,
        );
        for rep in 0..world.people.reps.len() {
            if !world.people.reps[rep].works_on(day) {
                continue;
            }
            if friday {
                sheet(world, dice, rep, day);
            }
            if first {
                assess(world, dice, rep, day);
            }
            if dice.chance(0.005) {
                train(world, dice, rep, day);
            }
        }
    }
}

fn sheet(world: &mut World, dice: &mut Dice, rep: usize, day: usize) {
    let person = &world.people.reps[rep];
    let at = evening(world, day);
    for (kind, customer_facing, hours) in TIME {
        let own = if customer_facing { person.energy.powf(0.2) } else { 1.0 };
        let minutes = (hours * own * dice.range(0.6, 1.4) * 60.0) as i64;
        let payload = TimeSpent {
            rep: person.id.clone(),
            kind: name(kind),
            customer_facing,
            duration_ms: minutes * 60_000,
            attributes: Vec::new(),
        };
        world.journal.tell(System::Staff, at, payload);
    }
}

fn assess(world: &mut World, dice: &mut Dice, rep: usize, day: usize) {
    let person = &world.people.reps[rep];
    let manager = world.people.managers[person.team_on(day)].name().clone();
    let interaction = dice.chance(0.6) && world.journal.activities > 0;
    let activity = dice.index(world.journal.activities.max(1)) + 1;
    let criterion = dice.pick(&CRITERIA);
    let score = (3.4 * person.skill_on(day).powf(0.3) + 0.5 * dice.normal()).clamp(1.0, 5.0);
    let payload = AssessmentMade {
        rep: person.id.clone(),
        assessor: Some(manager),
        criterion: name(criterion),
        score_milli: (score * 10.0).round() as i64 * 100,
        comment: dice
            .chance(0.2)
            .then(|| format!("Discussed {}", criterion.replace('_', " "))),
        interaction: interaction
            .then(|| ActivityId::new(format!("activity-{activity:06}")).ok())
            .flatten(),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Staff, evening(world, day), payload);
}

fn train(world: &mut World, dice: &mut Dice, rep: usize, day: usize) {
    let payload = TrainingCompleted {
        rep: world.people.reps[rep].id.clone(),
        training: name(dice.pick(&TRAININGS)),
        duration_ms: Some(dice.whole(2, 8) * HOUR * 1_000),
        score_milli: Some(dice.whole(55, 100) * 1_000),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Staff, evening(world, day), payload);
}

fn evening(world: &World, day: usize) -> Moment {
    world.days.midnight(day) + 17 * HOUR
}
