//! What a subscription tells its account.

use super::{Contract, Turn};
use crate::{
    dimension::Dimension,
    event::OpportunityType,
    fold::{Output, Purchase, PurchaseKind, Signal, parts::parts, words::name},
    id::Name,
    subject::{Subject, SubjectKind},
};

/// What one event makes the subscription tell.
pub(super) struct Telling<'a> {
    pub(super) from: &'a Subject,
    pub(super) turn: Turn,
    pub(super) out: &'a mut Output,
}

/// What a change says beside what is agreed from then on.
#[derive(Default)]
pub(super) struct Circumstances<'a> {
    pub(super) kind: Option<OpportunityType>,
    pub(super) reason: Option<&'a Name>,
}

impl Telling<'_> {
    /// That it was bought.
    pub(super) fn purchase(&mut self, contract: &Contract) {
        let dimensions = contract.dimensions.clone();
        let purchase = Purchase {
            by: PurchaseKind::Subscription,
            kind: None,
            dimensions,
        };
        self.send(contract, "start", Signal::Purchased(purchase));
    }

    /// What is paid from now on, when that is not what was paid before.
    pub(super) fn change(&mut self, before: Option<&Contract>, after: &Contract, circumstances: &Circumstances<'_>) {
        let before = before.filter(|contract| contract.running);
        let (paid, pays) = (before.map_or(0, Contract::pays), after.pays());
        match before {
            Some(before) if after.running && !before.alike(after) => {
                let converted = before.monthly.currency != after.monthly.currency;
                let kind = circumstances.kind.filter(|_| converted || pays > paid);
                self.amount(after, "in", pays.into(), pays, &Circumstances { kind, reason: None });
                let left = if converted { 0 } else { pays };
                self.amount(before, "out", -i128::from(paid), left, &Circumstances::default());
            }
            _ => {
                let kind = circumstances.kind.filter(|_| pays > paid);
                let circumstances = Circumstances {
                    kind,
                    reason: circumstances.reason,
                };
                self.amount(after, "in", i128::from(pays) - i128::from(paid), pays, &circumstances);
            }
        }
    }

    /// That the amount in the contract's currency changed, and what is paid in it once all is told.
    fn amount(
        &mut self,
        contract: &Contract,
        word: &str,
        delta: i128,
        monthly: i64,
        circumstances: &Circumstances<'_>,
    ) {
        let currency = contract.monthly.currency;
        let dimensions = contract
            .dimensions
            .clone()
            .with(Dimension::Currency, Some(&name(currency.code())));
        let dimensions = dimensions.with(Dimension::CloseReason, circumstances.reason);
        for (at, part) in parts(delta).filter(|part| *part != 0).enumerate() {
            let signal = Signal::MrrChanged {
                subscription: contract.subscription.clone(),
                currency,
                delta_micros: part,
                monthly_micros: monthly,
                kind: circumstances.kind,
                dimensions: dimensions.clone(),
            };
            self.send(contract, &format!("{word}{at}"), signal);
        }
    }

    /// Of one instant the account hears what is told in the order of the events; of one event, what comes in (`in…`)
    /// before what goes out (`out…`). The ids of the events say nothing of that: `e1-end` sorts before `e1/…`.
    fn send(&mut self, contract: &Contract, word: &str, signal: Signal) {
        let to = Subject::new(SubjectKind::Account, contract.account.name());
        let what = format!("{:010}/{word}", self.turn.number);
        self.out.signal(self.from, to, self.turn.at, &what, signal);
    }
}
