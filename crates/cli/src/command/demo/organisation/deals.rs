//! Opportunities and their whole history: stages with skips and setbacks, pushed close dates, splits, new owners, and
//! deals that come back.

use jiff::ToSpan as _;
use scoreline_core::{
    event::{
        OpportunityLost, OpportunityOpened, OpportunityReopened, OpportunityStageChanged, OpportunityType,
        OpportunityUpdated, OpportunityWon, Split,
    },
    id::{LeadId, OpportunityId, RepId},
};

use super::{
    World, activities,
    currencies::rounded,
    days::{DAY, Moment},
    dice::Dice,
    journal::{System, name},
    orders, products, sources,
    stages::{STAGES, passes, stage_name},
};

const LOST: [&str; 6] = [
    "price",
    "no decision",
    "competitor",
    "timing",
    "missing feature",
    "budget cut",
];
const WON: [&str; 4] = ["value", "relationship", "price", "product fit"];
const COMPETITORS: [&str; 4] = ["Northwind", "Contoso", "Globex", "Initech"];

/// What accounts that exist buy.
const LATER: [OpportunityType; 5] = [
    OpportunityType::Upsell,
    OpportunityType::Upsell,
    OpportunityType::CrossSell,
    OpportunityType::CrossSell,
    OpportunityType::Renewal,
];

/// How a deal begins.
pub(super) struct Opening {
    pub(super) account: usize,
    pub(super) rep: usize,
    pub(super) lead: Option<LeadId>,
    pub(super) kind: OpportunityType,
    pub(super) at: Moment,
}

/// A deal.
pub(super) struct Deal {
    pub(super) id: OpportunityId,
    pub(super) account: usize,
    pub(super) rep: usize,
    pub(super) kind: OpportunityType,
    pub(super) product: usize,
    pub(super) opened: Moment,
    /// When it was closed, or now.
    pub(super) until: Moment,
    pub(super) won: bool,
    pub(super) micros: i64,
    pub(super) stage: usize,
    closes: Moment,
    split: Option<(usize, u32)>,
}

/// The id of the deal that is opened next.
pub(super) fn next_id(world: &World) -> OpportunityId {
    OpportunityId::new(format!("deal-{:05}", world.deals.len() + 1)).expect("a short name")
}

/// Opens deals with accounts that exist until there are so many.
pub(super) fn tell_more(world: &mut World, dice: &mut Dice, count: usize) {
    while world.deals.len() < count && !world.accounts.is_empty() {
        let position = dice.index(world.accounts.len());
        let account = &world.accounts[position];
        let since = account.customer_since.unwrap_or(account.since);
        let earliest = world.days.day_of(since) + 20;
        if (account.customer_since.is_none() && dice.chance(0.7)) || earliest + 1 >= world.days.len() {
            continue;
        }
        let day = world.days.draw(dice, earliest, world.days.len());
        let stays = world.people.reps[account.rep].works_on(day);
        let rep = if stays {
            account.rep
        } else {
            world.people.draw(dice, account.region, day)
        };
        let at = world.days.working_moment(dice, day, account.opens());
        let kind = dice.pick(&LATER);
        tell(
            world,
            dice,
            Opening {
                account: position,
                rep,
                lead: None,
                kind,
                at,
            },
        );
    }
}

/// Tells a deal from its opening to its end, or until now.
pub(super) fn tell(world: &mut World, dice: &mut Dice, opening: Opening) {
    let mut deal = open(world, dice, opening);
    let odds = odds(world, &deal);
    let mut at = deal.opened;
    // A few deals are forgotten.
    let patience = if dice.chance(0.03) { dice.index(3) } else { 40 };
    for _ in 0..patience {
        let pace = world.accounts[deal.account].pace();
        let days = dice.log_normal(STAGES[deal.stage].days * pace, 0.65);
        at = world.days.after(dice, at, days, world.accounts[deal.account].opens());
        if at >= world.days.end() {
            break;
        }
        keep_up(world, dice, &mut deal, at);
        if step(world, dice, &mut deal, at, odds) {
            break;
        }
    }
    activities::tell_about_deal(world, dice, &deal);
    world.deals.push(deal);
}

fn open(world: &mut World, dice: &mut Dice, opening: Opening) -> Deal {
    let account = &world.accounts[opening.account];
    let size = match opening.kind {
        OpportunityType::NewBusiness => 1.0,
        OpportunityType::Upsell | OpportunityType::CrossSell => 0.55,
        OpportunityType::Renewal => 0.8,
    };
    let expected = world
        .days
        .after(dice, opening.at, 38.0 * account.pace(), account.opens());
    let deal = Deal {
        id: next_id(world),
        account: opening.account,
        rep: opening.rep,
        kind: opening.kind,
        product: products::draw(dice),
        opened: opening.at,
        until: world.days.end(),
        won: false,
        micros: rounded(dice.log_normal(account.deal_size() * size, 0.7), 50.0),
        stage: usize::from(opening.kind != OpportunityType::NewBusiness || dice.chance(0.15)),
        closes: expected,
        split: split(world, dice, &opening),
    };
    let id = |rep: usize| world.people.reps[rep].id.clone();
    let payload = OpportunityOpened {
        opportunity: deal.id.clone(),
        owner: Some(id(deal.rep)),
        account: Some(account.id.clone()),
        lead_source: opening.lead.is_none().then(|| sources::source_name(account.source)),
        lead: opening.lead,
        pipeline: None,
        stage: Some(stage_name(deal.stage)),
        amount: Some(account.coin().money(deal.micros)),
        close_date: Some(world.days.date_of(deal.closes)),
        kind: Some(deal.kind),
        product: Some(products::product_id(deal.product)),
        campaign: None,
        channel: None,
        territory: None,
        splits: splits(&deal, id),
        attributes: Vec::new(),
    };
    world.journal.tell(System::Crm, deal.opened, payload);
    deal
}

/// One deal in ten is shared with a colleague.
fn split(world: &World, dice: &mut Dice, opening: &Opening) -> Option<(usize, u32)> {
    let region = world.accounts[opening.account].region;
    let other = world.people.draw(dice, region, world.days.day_of(opening.at));
    (other != opening.rep && dice.chance(0.1)).then(|| (other, dice.pick(&[200_000, 300_000, 500_000])))
}

fn splits(deal: &Deal, id: impl Fn(usize) -> RepId) -> Vec<Split> {
    let parts = deal
        .split
        .map(|(other, part)| [(deal.rep, 1_000_000 - part), (other, part)]);
    parts
        .into_iter()
        .flatten()
        .map(|(rep, share_ppm)| Split {
            rep: id(rep),
            share_ppm,
        })
        .collect()
}

/// How much likelier than usual it is won.
fn odds(world: &World, deal: &Deal) -> f64 {
    let skill = world.people.reps[deal.rep].skill_on(world.days.day_of(deal.opened));
    let quality = sources::quality(world.accounts[deal.account].source).powf(0.4);
    let known = if deal.kind == OpportunityType::NewBusiness {
        1.0
    } else {
        1.7
    };
    skill * quality * known
}

/// Brings owner, amount and close date up to date.
fn keep_up(world: &mut World, dice: &mut Dice, deal: &mut Deal, at: Moment) {
    let day = world.days.day_of(at);
    let mut update = OpportunityUpdated {
        opportunity: deal.id.clone(),
        owner: None,
        amount: None,
        close_date: None,
        account: None,
        kind: None,
        product: None,
        splits: None,
    };
    if !world.people.reps[deal.rep].works_on(day) {
        deal.rep = world.people.draw(dice, world.accounts[deal.account].region, day);
        update.owner = Some(world.people.reps[deal.rep].id.clone());
        update.splits = deal.split.take().map(|_| Vec::new());
    }
    if deal.stage >= 2 && dice.chance(0.18) {
        deal.micros = rounded(deal.micros as f64 / 1e6 * dice.range(0.82, 1.12), 50.0);
        update.amount = Some(world.accounts[deal.account].coin().money(deal.micros));
    }
    if at > deal.closes || dice.chance(0.06) {
        deal.closes = at.max(deal.closes) + dice.whole(10, 40) * DAY;
        update.close_date = Some(world.days.date_of(deal.closes));
    }
    if update.owner.is_some() || update.amount.is_some() || update.close_date.is_some() {
        world.journal.tell(System::Crm, at - 60, update);
    }
}

/// What comes of a visit of a stage; whether the deal is at its end.
fn step(world: &mut World, dice: &mut Dice, deal: &mut Deal, at: Moment, odds: f64) -> bool {
    let last = STAGES.len() - 1;
    if !dice.chance(passes(deal.stage, odds)) {
        return lose(world, dice, deal, at);
    }
    if deal.stage == last {
        return win(world, dice, deal, at);
    }
    deal.stage = match dice.unit() {
        draw if draw < 0.05 && deal.stage > 0 => deal.stage - 1,
        draw if draw > 0.92 => (deal.stage + 2).min(last),
        _ => deal.stage + 1,
    };
    let stage = stage_name(deal.stage);
    let payload = OpportunityStageChanged {
        opportunity: deal.id.clone(),
        stage,
        pipeline: None,
    };
    world.journal.tell(System::Crm, at, payload);
    false
}

fn lose(world: &mut World, dice: &mut Dice, deal: &mut Deal, at: Moment) -> bool {
    let reason = dice.pick(&LOST);
    let competitor = (reason == "competitor").then(|| name(dice.pick(&COMPETITORS)));
    let payload = OpportunityLost {
        opportunity: deal.id.clone(),
        reason: Some(name(reason)),
        competitor,
    };
    world.journal.tell(System::Crm, at, payload);
    deal.until = at;
    let wait = dice.range(15.0, 60.0);
    let back = world.days.after(dice, at, wait, world.accounts[deal.account].opens());
    let returns = dice.chance(0.03) && reopen(world, deal, back);
    !returns
}

fn win(world: &mut World, dice: &mut Dice, deal: &mut Deal, at: Moment) -> bool {
    let at = pulled_to_quarter_end(world, dice, deal, at);
    let payload = OpportunityWon {
        opportunity: deal.id.clone(),
        amount: Some(world.accounts[deal.account].coin().money(deal.micros)),
        reason: Some(name(dice.pick(&WON))),
        competitor: dice.chance(0.25).then(|| name(dice.pick(&COMPETITORS))),
    };
    if !world.journal.tell(System::Crm, at, payload) {
        return true;
    }
    deal.until = at;
    if dice.chance(0.006) && reopen(world, deal, at + 2 * DAY) {
        return false;
    }
    deal.won = true;
    world.tally.book(
        world.days.days[world.days.day_of(at)].quarter,
        deal.rep,
        dollars(world, deal, at),
    );
    orders::tell_of_deal(world, dice, deal, at);
    true
}

fn dollars(world: &World, deal: &Deal, at: Moment) -> i64 {
    let month = world.days.days[world.days.day_of(at)].month;
    world
        .currencies
        .dollars(world.accounts[deal.account].coin(), deal.micros, month)
}

fn reopen(world: &mut World, deal: &mut Deal, at: Moment) -> bool {
    let stage = deal.stage.min(2);
    let payload = OpportunityReopened {
        opportunity: deal.id.clone(),
        stage: Some(stage_name(stage)),
    };
    let reopened = world.journal.tell(System::Crm, at, payload);
    if reopened {
        deal.stage = stage;
        deal.until = world.days.end();
    }
    reopened
}

/// In the last weeks of a quarter, whoever can still sign does.
fn pulled_to_quarter_end(world: &World, dice: &mut Dice, deal: &Deal, at: Moment) -> Moment {
    let day = world.days.day_of(at);
    let left = world.days.left_in_quarter(day);
    if !(9..=26).contains(&left) || !dice.chance(0.45) {
        return at;
    }
    let opens = world.accounts[deal.account].opens();
    let days = (left - dice.index(8)) as f64;
    let later = world.days.after(dice, at, days, opens);
    // A weekend at the end of the quarter would carry it over.
    let end = world.days.quarters[world.days.days[day].quarter].end - 1.day();
    if world.days.date_of(later) <= end { later } else { at }
}
