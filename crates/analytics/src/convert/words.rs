//! Words of the contracts and of the core, one for one.

use scoreline_core::{
    calendar,
    metric::{self, definition},
    query,
};
use scoreline_proto::analytics::v1 as wire;

pub(crate) fn grain(grain: wire::Grain) -> Option<calendar::Grain> {
    Some(match grain {
        wire::Grain::Unspecified => return None,
        wire::Grain::Total => calendar::Grain::Total,
        wire::Grain::Hour => calendar::Grain::Hour,
        wire::Grain::Day => calendar::Grain::Day,
        wire::Grain::Week => calendar::Grain::Week,
        wire::Grain::Month => calendar::Grain::Month,
        wire::Grain::Quarter => calendar::Grain::Quarter,
        wire::Grain::Year => calendar::Grain::Year,
    })
}

pub(crate) fn wire_grain(grain: calendar::Grain) -> wire::Grain {
    match grain {
        calendar::Grain::Total => wire::Grain::Total,
        calendar::Grain::Hour => wire::Grain::Hour,
        calendar::Grain::Day => wire::Grain::Day,
        calendar::Grain::Week => wire::Grain::Week,
        calendar::Grain::Month => wire::Grain::Month,
        calendar::Grain::Quarter => wire::Grain::Quarter,
        calendar::Grain::Year => wire::Grain::Year,
    }
}

pub(crate) fn by_columns(layout: wire::Layout) -> Option<bool> {
    match layout {
        wire::Layout::Unspecified => None,
        wire::Layout::Rows => Some(false),
        wire::Layout::Columns => Some(true),
    }
}

pub(crate) fn basis(basis: wire::Basis) -> Option<query::Basis> {
    match basis {
        wire::Basis::Unspecified => None,
        wire::Basis::Event => Some(query::Basis::Event),
        wire::Basis::Cohort => Some(query::Basis::Cohort),
    }
}

pub(crate) fn wire_basis(basis: query::Basis) -> wire::Basis {
    match basis {
        query::Basis::Event => wire::Basis::Event,
        query::Basis::Cohort => wire::Basis::Cohort,
    }
}

pub(crate) fn direction(direction: wire::Direction) -> Option<metric::Direction> {
    match direction {
        wire::Direction::Unspecified => None,
        wire::Direction::Up => Some(metric::Direction::Up),
        wire::Direction::Down => Some(metric::Direction::Down),
        wire::Direction::Neutral => Some(metric::Direction::Neutral),
    }
}

pub(crate) fn wire_direction(direction: metric::Direction) -> wire::Direction {
    match direction {
        metric::Direction::Up => wire::Direction::Up,
        metric::Direction::Down => wire::Direction::Down,
        metric::Direction::Neutral => wire::Direction::Neutral,
    }
}

pub(crate) fn wire_additivity(additivity: metric::Additivity) -> wire::Additivity {
    match additivity {
        metric::Additivity::Sum => wire::Additivity::Sum,
        metric::Additivity::Last => wire::Additivity::Last,
        metric::Additivity::None => wire::Additivity::None,
    }
}

pub(crate) fn interval(kind: wire::IntervalKind) -> Option<metric::IntervalKind> {
    Some(match kind {
        wire::IntervalKind::Unspecified => return None,
        wire::IntervalKind::None => metric::IntervalKind::None,
        wire::IntervalKind::Wilson => metric::IntervalKind::Wilson,
        wire::IntervalKind::StudentT => metric::IntervalKind::T,
        wire::IntervalKind::OrderStatistic => metric::IntervalKind::OrderStatistic,
    })
}

pub(crate) fn wire_interval(kind: metric::IntervalKind) -> wire::IntervalKind {
    match kind {
        metric::IntervalKind::None => wire::IntervalKind::None,
        metric::IntervalKind::Wilson => wire::IntervalKind::Wilson,
        metric::IntervalKind::T => wire::IntervalKind::StudentT,
        metric::IntervalKind::OrderStatistic => wire::IntervalKind::OrderStatistic,
    }
}

/// How an interval was computed.
pub(crate) fn method(kind: metric::IntervalKind) -> &'static str {
    match kind {
        metric::IntervalKind::None => "",
        metric::IntervalKind::Wilson => "wilson",
        metric::IntervalKind::T => "student_t",
        metric::IntervalKind::OrderStatistic => "order_statistic",
    }
}

pub(crate) fn parameter_kind(kind: wire::ParameterKind) -> Option<metric::ParameterKind> {
    Some(match kind {
        wire::ParameterKind::Unspecified => return None,
        wire::ParameterKind::Choice => metric::ParameterKind::Choice,
        wire::ParameterKind::Number => metric::ParameterKind::Number,
        wire::ParameterKind::Text => metric::ParameterKind::Text,
        wire::ParameterKind::List => metric::ParameterKind::List,
        wire::ParameterKind::Metric => metric::ParameterKind::Metric,
    })
}

pub(crate) fn wire_parameter_kind(kind: metric::ParameterKind) -> wire::ParameterKind {
    match kind {
        metric::ParameterKind::Choice => wire::ParameterKind::Choice,
        metric::ParameterKind::Number => wire::ParameterKind::Number,
        metric::ParameterKind::Text => wire::ParameterKind::Text,
        metric::ParameterKind::List => wire::ParameterKind::List,
        metric::ParameterKind::Metric => wire::ParameterKind::Metric,
    }
}

/// The units in which a metric is shown, and their names.
pub(crate) const UNITS: [(metric::ShownUnit, &str); 10] = [
    (definition::ShownUnit::Money, "money"),
    (definition::ShownUnit::Rate, "rate"),
    (definition::ShownUnit::Count, "count"),
    (definition::ShownUnit::Days, "days"),
    (definition::ShownUnit::Hours, "hours"),
    (definition::ShownUnit::Points, "points"),
    (definition::ShownUnit::Score, "score"),
    (definition::ShownUnit::Months, "months"),
    (definition::ShownUnit::Ratio, "ratio"),
    (definition::ShownUnit::MoneyPerDay, "money_per_day"),
];

pub(crate) fn unit_name(unit: metric::ShownUnit) -> &'static str {
    UNITS
        .iter()
        .find(|(found, _)| *found == unit)
        .map_or("", |(_, name)| name)
}
