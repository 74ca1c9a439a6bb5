//! Meetings: held, moved, called off, and those to which nobody came.

use scoreline_core::{
    event::{MeetingCancelled, MeetingCompleted, MeetingNoShow, MeetingRescheduled, MeetingScheduled},
    id::{LeadId, MeetingId},
};

use super::{
    World,
    days::{DAY, HOUR, Moment, instant},
    dice::Dice,
    journal::{System, name},
    places::REGIONS,
};

const CANCELLED: [&str; 3] = ["customer ill", "no longer needed", "conflict"];

/// Whom a meeting is with.
struct Invitation {
    rep: usize,
    lead: Option<LeadId>,
    deal: Option<usize>,
    at: Moment,
    opens: i64,
}

/// Tells one or two meetings of most deals, and one of some leads.
pub(super) fn tell(world: &mut World, dice: &mut Dice) {
    let mut number = 0;
    for deal in 0..world.deals.len() {
        for _ in 0..dice.pick(&[0, 1, 1, 1, 2, 2, 3]) {
            let about = &world.deals[deal];
            let span = (about.until.min(about.opened + 90 * DAY) - about.opened) as f64;
            let at = about.opened + (span * dice.range(0.0, 0.8)) as Moment;
            let opens = world.accounts[about.account].opens();
            let invitation = Invitation {
                rep: about.rep,
                lead: None,
                deal: Some(deal),
                at,
                opens,
            };
            number += 1;
            arrange(world, dice, invitation, number);
        }
    }
    for lead in 0..world.leads.len() {
        if dice.chance(0.07) {
            let (id, rep, created) = world.leads[lead].clone();
            let opens = REGIONS[world.people.reps[rep].region()].opens;
            number += 1;
            arrange(
                world,
                dice,
                Invitation {
                    rep,
                    lead: Some(id),
                    deal: None,
                    at: created + DAY,
                    opens,
                },
                number,
            );
        }
    }
}

fn arrange(world: &mut World, dice: &mut Dice, invitation: Invitation, number: usize) {
    let Invitation {
        rep,
        lead,
        deal,
        at,
        opens,
    } = invitation;
    let at = world.days.after(dice, at, 0.0, opens);
    let ahead = dice.log_normal(5.0, 0.6);
    let due = world.days.after(dice, at, ahead, opens) / 1_800 * 1_800 + HOUR;
    let meeting = MeetingId::new(format!("meeting-{number:05}")).expect("a short name");
    let payload = MeetingScheduled {
        meeting: meeting.clone(),
        due_at: instant(due),
        rep: Some(world.people.reps[rep].id.clone()),
        lead,
        opportunity: deal.map(|deal| world.deals[deal].id.clone()),
        account: deal.map(|deal| world.accounts[world.deals[deal].account].id.clone()),
        channel: Some(name(dice.pick(&["video", "video", "video", "on site"]))),
        attributes: Vec::new(),
    };
    if world.journal.tell(System::Crm, at, payload) {
        hold(world, dice, meeting, (at, due), opens);
    }
}

/// What became of it.
fn hold(world: &mut World, dice: &mut Dice, meeting: MeetingId, (at, due): (Moment, Moment), opens: i64) {
    let soon = at + (due - at) / 2;
    match dice.unit() {
        draw if draw < 0.07 => {
            let reason = Some(name(dice.pick(&CANCELLED)));
            world
                .journal
                .tell(System::Crm, soon, MeetingCancelled { meeting, reason });
        }
        draw if draw < 0.15 => {
            world
                .journal
                .tell(System::Crm, due + HOUR / 3, MeetingNoShow { meeting });
        }
        draw if draw < 0.24 => {
            let wait = dice.range(2.0, 9.0);
            let later = world.days.after(dice, due, wait, opens) / 1_800 * 1_800;
            let payload = MeetingRescheduled {
                meeting: meeting.clone(),
                due_at: instant(later),
            };
            world.journal.tell(System::Crm, soon, payload);
            world
                .journal
                .tell(System::Crm, later + HOUR, MeetingCompleted { meeting });
        }
        // Somebody forgets to say that it was held.
        draw if draw > 0.97 => {}
        _ => {
            world.journal.tell(
                System::Crm,
                due + dice.whole(HOUR / 2, 2 * HOUR),
                MeetingCompleted { meeting },
            );
        }
    }
}
