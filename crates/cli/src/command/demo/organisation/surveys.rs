//! What customers say when they are asked: NPS, satisfaction, service quality.

use scoreline_core::event::{Score, SurveyAnswered, SurveyKind};

use super::{
    World,
    days::Moment,
    dice::Dice,
    journal::{System, name},
};

const CRITERIA: [&str; 4] = ["friendliness", "competence", "speed", "reliability"];

/// Tells the surveys: every customer is asked each quarter, and some answer.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    for account in 0..world.accounts.len() {
        let Some(since) = world.accounts[account].customer_since else {
            continue;
        };
        // Some customers are happy, some are not, and stay so.
        let mood = dice.normal() * 0.7 + (world.people.reps[world.accounts[account].rep].energy - 1.5) * 0.15;
        let opens = world.accounts[account].opens();
        let mut at = since;
        while at < world.days.end() {
            let wait = dice.range(75.0, 110.0);
            at = world.days.after(dice, at, wait, opens);
            if dice.chance(0.45) {
                let kind = dice.pick(&[
                    SurveyKind::Nps,
                    SurveyKind::Nps,
                    SurveyKind::Csat,
                    SurveyKind::ServiceQuality,
                ]);
                answer(world, dice, account, kind, (at, mood));
            }
        }
    }
}

fn answer(world: &mut World, dice: &mut Dice, account: usize, kind: SurveyKind, (at, mood): (Moment, f64)) {
    let customer = &world.accounts[account];
    let payload = SurveyAnswered {
        kind,
        respondent: None,
        account: Some(customer.id.clone()),
        rep: Some(world.people.reps[customer.rep].id.clone()),
        product: None,
        channel: Some(name("email")),
        scores: scores(dice, kind, mood),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Surveys, at, payload);
}

fn scores(dice: &mut Dice, kind: SurveyKind, mood: f64) -> Vec<Score> {
    let mut whole = |middle: f64, spread: f64, low: f64, high: f64| {
        let score = middle + spread * (mood + 0.8 * dice.normal());
        1_000 * score.round().clamp(low, high) as i64
    };
    match kind {
        SurveyKind::Nps => vec![Score {
            criterion: None,
            milli: whole(8.1, 1.5, 0.0, 10.0),
        }],
        SurveyKind::Csat => vec![Score {
            criterion: None,
            milli: whole(4.1, 0.8, 1.0, 5.0),
        }],
        SurveyKind::ServiceQuality => CRITERIA
            .iter()
            .map(|criterion| Score {
                criterion: Some(name(criterion)),
                milli: whole(4.0, 0.7, 1.0, 5.0),
            })
            .collect(),
    }
}
