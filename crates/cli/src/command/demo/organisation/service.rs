//! What customers ask, and what goes wrong for them.

use scoreline_core::{
    event::{InquiryAnswered, InquiryReceived, IssueOpened, IssueResolved},
    id::{InquiryId, IssueId},
};

use super::{
    World,
    days::{HOUR, Moment},
    dice::{Dice, Wheel},
    journal::{System, name},
    products,
};

/// Channel, its share, and how many hours an answer takes, in the middle.
const CHANNELS: [(&str, f64, f64); 3] = [("email", 0.52, 5.2), ("phone", 0.28, 0.06), ("chat", 0.20, 0.12)];

/// Tells inquiries and issues: those who buy much ask much.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    let customers: Vec<usize> = (0..world.accounts.len())
        .filter(|account| world.accounts[*account].customer_since.is_some())
        .collect();
    if customers.is_empty() {
        return;
    }
    let wheel = Wheel::new(customers.iter().map(|account| world.accounts[*account].appetite));
    let channels = Wheel::new(CHANNELS.map(|(_, share, _)| share));
    for number in 0..world.accounts.len() {
        let (asks, channel) = (customers[wheel.draw(dice)], channels.draw(dice));
        if let Some(at) = contact(world, dice, asks) {
            inquire(world, dice, (asks, channel), at, number);
        }
        let complains = customers[wheel.draw(dice)];
        if let Some(at) = contact(world, dice, complains).filter(|_| number % 2 == 0) {
            complain(world, dice, complains, at, number);
        }
    }
}

/// A customer gets in touch on a day since it is one.
fn contact(world: &World, dice: &mut Dice, account: usize) -> Option<Moment> {
    let since = world.days.day_of(world.accounts[account].customer_since?);
    let day = world.days.draw(dice, since, world.days.len());
    Some(world.days.working_moment(dice, day, world.accounts[account].opens()))
}

fn inquire(world: &mut World, dice: &mut Dice, (account, channel): (usize, usize), at: Moment, number: usize) {
    let buyer = &world.accounts[account];
    let rep = world.people.draw(dice, buyer.region, world.days.day_of(at));
    let rep = Some(world.people.reps[rep].id.clone());
    let inquiry = InquiryId::new(format!("inquiry-{:05}", number + 1)).expect("a short name");
    let payload = InquiryReceived {
        inquiry: inquiry.clone(),
        channel: name(CHANNELS[channel].0),
        rep: rep.clone(),
        account: Some(buyer.id.clone()),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Helpdesk, at, payload);
    if dice.chance(0.96) {
        let hours = dice.log_normal(CHANNELS[channel].2, 1.0);
        let answered = at + 20 + (hours * HOUR as f64) as Moment;
        world
            .journal
            .tell(System::Helpdesk, answered, InquiryAnswered { inquiry, rep });
    }
}

fn complain(world: &mut World, dice: &mut Dice, account: usize, at: Moment, number: usize) {
    let buyer = &world.accounts[account];
    let opens = buyer.opens();
    let rep = world.people.draw(dice, buyer.region, world.days.day_of(at));
    let rep = Some(world.people.reps[rep].id.clone());
    let issue = IssueId::new(format!("issue-{:05}", number + 1)).expect("a short name");
    let payload = IssueOpened {
        issue: issue.clone(),
        account: Some(buyer.id.clone()),
        rep: rep.clone(),
        product: Some(products::product_id(products::draw(dice))),
        channel: Some(name(dice.pick(&["email", "phone", "chat"]))),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Helpdesk, at, payload);
    if dice.chance(0.93) {
        let wait = dice.log_normal(1.3, 0.9);
        let resolved = world.days.after(dice, at, wait, opens);
        world
            .journal
            .tell(System::Helpdesk, resolved, IssueResolved { issue, rep });
    }
}
