//! Reference data.

use scoreline_core::event::{
    AccountDescribed, CurrencyRateSet, ProductDescribed, RepAssigned, RepJoined, RepLeft, TargetScope, TargetSet,
    TeamDescribed, TerritoryDescribed,
};

use super::{amount_of, attributes, date, range, text};
use crate::{
    decimal,
    events::v1::{
        self as wire,
        target_set::{Amount, Scope},
    },
    reader::number::{MILLI_PLACES, SHARE_PLACES},
};

pub(super) fn rep_joined(payload: &RepJoined) -> wire::RepJoined {
    wire::RepJoined {
        rep_id: payload.rep.to_string(),
        name: text(&payload.name),
        effective_date: payload.effective_date.map(date),
    }
}

pub(super) fn rep_left(payload: &RepLeft) -> wire::RepLeft {
    wire::RepLeft {
        rep_id: payload.rep.to_string(),
        effective_date: payload.effective_date.map(date),
    }
}

pub(super) fn rep_assigned(payload: &RepAssigned) -> wire::RepAssigned {
    wire::RepAssigned {
        rep_id: payload.rep.to_string(),
        team_id: text(&payload.team),
        manager_id: text(&payload.manager),
        region: text(&payload.region),
        territory_id: text(&payload.territory),
        role: text(&payload.role),
        effective_date: payload.effective_date.map(date),
    }
}

pub(super) fn account_described(payload: &AccountDescribed) -> wire::AccountDescribed {
    wire::AccountDescribed {
        account_id: payload.account.to_string(),
        name: text(&payload.name),
        segment: text(&payload.segment),
        industry: text(&payload.industry),
        territory_id: text(&payload.territory),
        attributes: attributes(&payload.attributes),
    }
}

pub(super) fn product_described(payload: &ProductDescribed) -> wire::ProductDescribed {
    wire::ProductDescribed {
        product_id: payload.product.to_string(),
        name: text(&payload.name),
        category: text(&payload.category),
    }
}

pub(super) fn team_described(payload: &TeamDescribed) -> wire::TeamDescribed {
    wire::TeamDescribed {
        team_id: payload.team.to_string(),
        name: text(&payload.name),
        parent_id: text(&payload.parent),
    }
}

pub(super) fn territory_described(payload: &TerritoryDescribed) -> wire::TerritoryDescribed {
    wire::TerritoryDescribed {
        territory_id: payload.territory.to_string(),
        name: text(&payload.name),
        region: text(&payload.region),
    }
}

pub(super) fn currency_rate_set(payload: &CurrencyRateSet) -> wire::CurrencyRateSet {
    wire::CurrencyRateSet {
        from_currency_code: payload.from.to_string(),
        to_currency_code: payload.to.to_string(),
        rate: payload.rate.to_string(),
        effective_date: payload.effective_date.map(date),
    }
}

pub(super) fn target_set(payload: &TargetSet) -> wire::TargetSet {
    let scope = match &payload.scope {
        TargetScope::Organisation => Scope::Organisation(wire::Organisation {}),
        TargetScope::Team(id) => Scope::TeamId(id.to_string()),
        TargetScope::Rep(id) => Scope::RepId(id.to_string()),
        TargetScope::Territory(id) => Scope::TerritoryId(id.to_string()),
    };
    let amount = match payload.currency {
        Some(currency) => Amount::Money(amount_of(currency, payload.amount)),
        None => Amount::Number(decimal::print(payload.amount, MILLI_PLACES)),
    };
    wire::TargetSet {
        target_id: payload.target.to_string(),
        scope: Some(scope),
        metric_id: payload.metric.to_string(),
        period: Some(range(payload.start, payload.end)),
        amount: Some(amount),
        ramp: payload
            .ramp_ppm
            .iter()
            .map(|share| decimal::print((*share).into(), SHARE_PLACES))
            .collect(),
    }
}
