//! Reference data.

use scoreline_core::{
    event::{
        AccountDescribed, CurrencyRateSet, ProductDescribed, RepAssigned, RepJoined, RepLeft, TargetScope, TargetSet,
        TeamDescribed, TerritoryDescribed,
    },
    money::Currency,
};

use super::attributes;
use crate::{
    events::v1::{
        self as wire,
        target_set::{Amount, Scope},
    },
    reader::{
        Reader,
        number::{MAX_COUNT, MILLI_PLACES},
    },
    violation::Reason,
};

/// The most months that a ramp may have.
const MAX_RAMP: usize = 60;

pub(super) fn rep_joined(reader: &mut Reader, wire: &wire::RepJoined) -> Option<RepJoined> {
    Some(RepJoined {
        name: reader.optional("name", &wire.name),
        effective_date: reader.date("effective_date", wire.effective_date.as_ref()),
        rep: reader.required("rep_id", &wire.rep_id)?,
    })
}

pub(super) fn rep_left(reader: &mut Reader, wire: &wire::RepLeft) -> Option<RepLeft> {
    Some(RepLeft {
        effective_date: reader.date("effective_date", wire.effective_date.as_ref()),
        rep: reader.required("rep_id", &wire.rep_id)?,
    })
}

pub(super) fn rep_assigned(reader: &mut Reader, wire: &wire::RepAssigned) -> Option<RepAssigned> {
    Some(RepAssigned {
        team: reader.optional("team_id", &wire.team_id),
        manager: reader.optional("manager_id", &wire.manager_id),
        region: reader.optional("region", &wire.region),
        territory: reader.optional("territory_id", &wire.territory_id),
        role: reader.optional("role", &wire.role),
        effective_date: reader.date("effective_date", wire.effective_date.as_ref()),
        rep: reader.required("rep_id", &wire.rep_id)?,
    })
}

pub(super) fn account_described(reader: &mut Reader, wire: &wire::AccountDescribed) -> Option<AccountDescribed> {
    Some(AccountDescribed {
        name: reader.optional("name", &wire.name),
        segment: reader.optional("segment", &wire.segment),
        industry: reader.optional("industry", &wire.industry),
        territory: reader.optional("territory_id", &wire.territory_id),
        attributes: attributes(reader, &wire.attributes),
        account: reader.required("account_id", &wire.account_id)?,
    })
}

pub(super) fn product_described(reader: &mut Reader, wire: &wire::ProductDescribed) -> Option<ProductDescribed> {
    Some(ProductDescribed {
        name: reader.optional("name", &wire.name),
        category: reader.optional("category", &wire.category),
        product: reader.required("product_id", &wire.product_id)?,
    })
}

pub(super) fn team_described(reader: &mut Reader, wire: &wire::TeamDescribed) -> Option<TeamDescribed> {
    Some(TeamDescribed {
        name: reader.optional("name", &wire.name),
        parent: reader.optional("parent_id", &wire.parent_id),
        team: reader.required("team_id", &wire.team_id)?,
    })
}

pub(super) fn territory_described(reader: &mut Reader, wire: &wire::TerritoryDescribed) -> Option<TerritoryDescribed> {
    Some(TerritoryDescribed {
        name: reader.optional("name", &wire.name),
        region: reader.optional("region", &wire.region),
        territory: reader.required("territory_id", &wire.territory_id)?,
    })
}

pub(super) fn currency_rate_set(reader: &mut Reader, wire: &wire::CurrencyRateSet) -> Option<CurrencyRateSet> {
    let from = reader.currency("from_currency_code", &wire.from_currency_code);
    let to = reader.currency("to_currency_code", &wire.to_currency_code);
    if from.is_some() && from == to {
        reader.fault(
            "to_currency_code",
            Reason::NotAllowed,
            "must be another currency than the first",
        );
    }
    Some(CurrencyRateSet {
        effective_date: reader.date("effective_date", wire.effective_date.as_ref()),
        rate: reader.rate("rate", &wire.rate)?,
        from: from?,
        to: to?,
    })
}

pub(super) fn target_set(reader: &mut Reader, wire: &wire::TargetSet) -> Option<TargetSet> {
    let target = reader.required("target_id", &wire.target_id);
    let scope = reader
        .present("scope", wire.scope.as_ref())
        .and_then(|scope| target_scope(reader, scope));
    let metric = reader.required("metric_id", &wire.metric_id);
    let period = reader.required_range("period", wire.period.as_ref());
    let amount = reader
        .present("amount", wire.amount.as_ref())
        .and_then(|amount| target_amount(reader, amount));
    let ramp_ppm = ramp(reader, &wire.ramp);
    let ((start, end), (amount, currency)) = (period?, amount?);
    Some(TargetSet {
        target: target?,
        scope: scope?,
        metric: metric?,
        start,
        end,
        amount,
        currency,
        ramp_ppm,
    })
}

fn target_scope(reader: &mut Reader, scope: &Scope) -> Option<TargetScope> {
    match scope {
        Scope::Organisation(wire::Organisation {}) => Some(TargetScope::Organisation),
        Scope::TeamId(id) => reader.required("scope.team_id", id).map(TargetScope::Team),
        Scope::RepId(id) => reader.required("scope.rep_id", id).map(TargetScope::Rep),
        Scope::TerritoryId(id) => reader.required("scope.territory_id", id).map(TargetScope::Territory),
    }
}

fn target_amount(reader: &mut Reader, amount: &Amount) -> Option<(i64, Option<Currency>)> {
    match amount {
        Amount::Money(money) => {
            let money = reader.money("amount.money", Some(money))?;
            reader.not_negative("amount.money", money.micros);
            Some((money.micros, Some(money.currency)))
        }
        Amount::Number(text) => Some((
            reader.decimal("amount.number", text, MILLI_PLACES, &(0..=MAX_COUNT))?,
            None,
        )),
    }
}

fn ramp(reader: &mut Reader, wire: &[String]) -> Vec<u32> {
    if !reader.at_most("ramp", wire.len(), MAX_RAMP) {
        return Vec::new();
    }
    reader.each("ramp", wire, |reader, share| reader.share("", share))
}
