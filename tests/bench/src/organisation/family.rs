//! One account's history.

use super::{
    Dice, Moment, Organisation, STAGES,
    calendar::{Calendar, after},
};

/// What happened with one account, each list in no order but its own.
pub(crate) struct Family {
    pub(crate) account: usize,
    pub(crate) leads: Vec<Lead>,
    pub(crate) deals: Vec<Deal>,
    pub(crate) activities: Vec<Activity>,
    pub(crate) orders: Vec<Order>,
    pub(crate) inquiries: Vec<Inquiry>,
    pub(crate) surveys: Vec<Survey>,
    pub(crate) subscription: Vec<Movements>,
}

pub(crate) struct Lead {
    pub(crate) created: Moment,
    pub(crate) source: usize,
    pub(crate) rep: usize,
    pub(crate) qualified: Option<Moment>,
    /// Which of the family's deals it became.
    pub(crate) deal: Option<usize>,
}

pub(crate) struct Deal {
    pub(crate) opened: Moment,
    pub(crate) rep: usize,
    pub(crate) product: usize,
    pub(crate) source: usize,
    /// In cents.
    pub(crate) amount: i64,
    pub(crate) lead: Option<usize>,
    /// When which stage was entered, the first at opening.
    pub(crate) stages: Vec<(Moment, usize)>,
    pub(crate) closing: Option<Closing>,
}

pub(crate) struct Closing {
    pub(crate) at: Moment,
    pub(crate) won: bool,
}

pub(crate) struct Activity {
    pub(crate) at: Moment,
    pub(crate) rep: usize,
    pub(crate) kind: usize,
    pub(crate) successful: bool,
    pub(crate) deal: Option<usize>,
}

pub(crate) struct Order {
    pub(crate) at: Moment,
    pub(crate) rep: usize,
    pub(crate) product: usize,
    /// In cents.
    pub(crate) amount: i64,
    pub(crate) deal: Option<usize>,
}

pub(crate) struct Inquiry {
    pub(crate) at: Moment,
    pub(crate) rep: usize,
    pub(crate) answered: Option<Moment>,
}

pub(crate) struct Survey {
    pub(crate) at: Moment,
    pub(crate) rep: usize,
    pub(crate) score: u8,
}

/// A change of the account's one subscription.
pub(crate) struct Movements {
    pub(crate) at: Moment,
    pub(crate) movement: Movement,
    /// What it costs a month from now on, in cents.
    pub(crate) monthly: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Movement {
    Started,
    Changed,
    Cancelled,
    Reactivated,
}

pub(super) fn draw(organisation: &Organisation, account: usize) -> Family {
    let seed = organisation.seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut dice = Dice::new(seed ^ (account as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03));
    let weight = organisation.size.scale * organisation.accounts.relative(account);
    let per_account = |of_size_m: f64| of_size_m / super::ACCOUNTS as f64 * weight;
    let mut drawing = Drawing {
        home: organisation.reps.draw(&mut dice),
        organisation,
        dice,
        family: Family {
            account,
            leads: Vec::new(),
            deals: Vec::new(),
            activities: Vec::new(),
            orders: Vec::new(),
            inquiries: Vec::new(),
            surveys: Vec::new(),
            subscription: Vec::new(),
        },
    };
    for _ in 0..drawing.dice.about(per_account(1_000_000.0)) {
        drawing.deal();
    }
    for _ in 0..drawing.dice.about(per_account(2_300_000.0)) {
        drawing.lead();
    }
    for _ in 0..drawing.dice.about(per_account(2_500_000.0)) {
        let at = drawing.moment() + 1;
        drawing.activity(at, None);
    }
    for _ in 0..drawing.dice.about(per_account(170_000.0)) {
        let at = drawing.moment();
        drawing.order(at, None);
    }
    for _ in 0..drawing.dice.about(per_account(800_000.0)) {
        drawing.inquiry();
    }
    for _ in 0..drawing.dice.about(per_account(400_000.0)) {
        drawing.survey();
    }
    if drawing.dice.chance(0.6 * weight.min(1.0)) {
        drawing.subscription();
    }
    drawing.family
}

struct Drawing<'a> {
    organisation: &'a Organisation,
    dice: Dice,
    /// The account's usual rep.
    home: usize,
    family: Family,
}

impl Drawing<'_> {
    fn moment(&mut self) -> Moment {
        self.organisation.calendar.moment(&mut self.dice)
    }

    fn rep(&mut self) -> usize {
        if self.dice.chance(0.7) {
            self.home
        } else {
            self.organisation.reps.draw(&mut self.dice)
        }
    }

    /// A lead that became nothing.
    fn lead(&mut self) {
        let created = self.moment();
        let source = self.organisation.sources.draw(&mut self.dice);
        let rep = self.rep();
        let qualified = self
            .dice
            .chance(0.25)
            .then(|| after(created, self.dice.exponential(6.0)));
        self.family.leads.push(Lead {
            created,
            source,
            rep,
            qualified: qualified.filter(|at| *at < Calendar::end()),
            deal: None,
        });
    }

    fn deal(&mut self) {
        let opened = self.moment();
        let rep = self.rep();
        let product = self.organisation.products.draw(&mut self.dice);
        let source = self.organisation.sources.draw(&mut self.dice);
        let at = self.family.deals.len();
        let lead = self.dice.chance(0.7).then(|| {
            let created = opened - after(0, self.dice.exponential(25.0));
            self.family.leads.push(Lead {
                created,
                source,
                rep,
                qualified: self
                    .dice
                    .chance(0.8)
                    .then_some(usize::midpoint(created as usize, opened as usize) as i64 & !1),
                deal: Some(at),
            });
            self.family.leads.len() - 1
        });
        let (stages, closing) = self.stages(opened);
        let amount = self.dice.log_normal(800_000.0, 1.1) as i64 + 100;
        let end = closing.as_ref().map_or(Calendar::end(), |closing| closing.at);
        for _ in 0..self.dice.about(7.5) {
            let span = (end - opened) as f64 * self.dice.unit().powi(2) * 1.05;
            self.activity(opened + (span as i64 & !1) + 1, Some(at));
        }
        let won = closing.as_ref().filter(|closing| closing.won).map(|closing| closing.at);
        self.family.deals.push(Deal {
            opened,
            rep,
            product,
            source,
            amount,
            lead,
            stages,
            closing,
        });
        if let Some(won) = won {
            self.order(won, Some(at));
        }
    }

    fn stages(&mut self, opened: Moment) -> (Vec<(Moment, usize)>, Option<Closing>) {
        let (mut at, mut stage) = (opened, 0);
        let mut stages = vec![(at, stage)];
        let pace = self.dice.log_normal(9.0, 0.7);
        loop {
            at = after(at, 0.05 + self.dice.exponential(pace));
            if at >= Calendar::end() {
                return (stages, None);
            }
            if stage == STAGES.len() - 1 || self.dice.chance(0.12) {
                let won = stage >= 2 && self.dice.chance(0.5);
                return (stages, Some(Closing { at, won }));
            }
            stage = if stage > 0 && self.dice.chance(0.05) {
                stage - 1
            } else {
                stage + 1
            };
            stages.push((at, stage));
        }
    }

    fn activity(&mut self, at: Moment, deal: Option<usize>) {
        if at >= Calendar::end() {
            return;
        }
        let kind = self.dice.index(100);
        let kind = [35, 75, 80, 84, 90, 97, 98, 100]
            .iter()
            .position(|end| kind < *end)
            .unwrap_or(0);
        let rep = self.rep();
        let successful = self.dice.chance(0.3);
        self.family.activities.push(Activity {
            at,
            rep,
            kind,
            successful,
            deal,
        });
    }

    fn order(&mut self, at: Moment, deal: Option<usize>) {
        if at >= Calendar::end() {
            return;
        }
        let (rep, product, amount) = match deal.and_then(|deal| self.family.deals.get(deal)) {
            Some(deal) => (deal.rep, deal.product, deal.amount),
            None => (
                self.rep(),
                self.organisation.products.draw(&mut self.dice),
                self.dice.log_normal(120_000.0, 1.0) as i64 + 100,
            ),
        };
        self.family.orders.push(Order {
            at,
            rep,
            product,
            amount,
            deal,
        });
    }

    fn inquiry(&mut self) {
        let at = self.moment();
        let rep = self.rep();
        let answered = after(at, self.dice.log_normal(0.12, 1.2));
        let answered = (self.dice.chance(0.93) && answered < Calendar::end()).then_some(answered);
        self.family.inquiries.push(Inquiry { at, rep, answered });
    }

    fn survey(&mut self) {
        let at = self.moment();
        let rep = self.rep();
        let score = (10.0 - self.dice.exponential(2.2)).clamp(0.0, 10.0).round() as u8;
        self.family.surveys.push(Survey { at, rep, score });
    }

    fn subscription(&mut self) {
        let mut at = self.moment();
        let mut monthly = self.dice.log_normal(40_000.0, 0.8) as i64 + 100;
        let mut movement = Movement::Started;
        while at < Calendar::end() {
            self.family.subscription.push(Movements { at, movement, monthly });
            at = after(at, 20.0 + self.dice.exponential(180.0));
            let previous = self.family.subscription.iter().rev().find(|past| past.monthly > 0);
            let before = previous.map_or(monthly, |past| past.monthly);
            (movement, monthly) = if movement == Movement::Cancelled {
                (Movement::Reactivated, before)
            } else if self.dice.chance(0.25) {
                (Movement::Cancelled, 0)
            } else if self.dice.chance(0.3) {
                (Movement::Changed, (before * 4 / 5).max(1))
            } else {
                (Movement::Changed, before * 6 / 5 + 1)
            };
        }
    }
}
