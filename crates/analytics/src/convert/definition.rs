//! Metrics of the contracts and definitions of the core.

use scoreline_core::metric::{
    Additivity, Definition, IntervalKind, Parameter, Registry, ShownUnit, Variant,
    expression::{Expression, Function, Kind, Node, Operator},
};
use scoreline_proto::{Reason, Violation, analytics::v1 as wire, reader::Reader};

use super::words;

const MAX_LIST: usize = 64;

/// A definition as it is told.
pub(crate) fn metric(definition: &Definition) -> wire::Metric {
    let built_in = Registry::is_builtin(&definition.id);
    let text = |expression: &Option<Expression>| {
        expression
            .as_ref()
            .map(|found| found.text().to_owned())
            .unwrap_or_default()
    };
    wire::Metric {
        metric_id: definition.id.clone(),
        version: i32::try_from(definition.version).unwrap_or(i32::MAX),
        title: definition.title.clone(),
        description: definition.description.clone(),
        expression: definition.expression.text().to_owned(),
        unit: words::unit_name(definition.unit).to_owned(),
        direction: words::wire_direction(definition.direction).into(),
        additivity: words::wire_additivity(definition.additivity).into(),
        default_basis: words::wire_basis(definition.basis).into(),
        parameters: definition.parameters.iter().map(wire_parameter).collect(),
        variants: definition.variants.iter().map(wire_variant).collect(),
        seed_names: definition.seeds.clone(),
        built_in,
        etag: if built_in {
            String::new()
        } else {
            definition.version.to_string()
        },
        n_expression: text(&definition.n),
        immature_expression: text(&definition.immature),
        interval: words::wire_interval(definition.interval).into(),
        grains: definition
            .grains
            .iter()
            .map(|grain| words::wire_grain(*grain).into())
            .collect(),
        section: definition.section.clone(),
    }
}

fn wire_parameter(parameter: &Parameter) -> wire::MetricParameter {
    wire::MetricParameter {
        name: parameter.name.clone(),
        description: parameter.description.clone(),
        default_value: parameter.default.clone().unwrap_or_default(),
        allowed_values: parameter.allowed.clone(),
        kind: words::wire_parameter_kind(parameter.kind).into(),
        min: parameter.min,
        max: parameter.max,
    }
}

fn wire_variant(variant: &Variant) -> wire::MetricVariant {
    let text = |expression: &Option<Expression>| {
        expression
            .as_ref()
            .map(|found| found.text().to_owned())
            .unwrap_or_default()
    };
    wire::MetricVariant {
        conditions: variant.when.clone().into_iter().collect(),
        expression: text(&variant.expression),
        unit: variant.unit.map(words::unit_name).unwrap_or_default().to_owned(),
        n_expression: text(&variant.n),
        immature_expression: text(&variant.immature),
        interval: variant
            .interval
            .map_or(wire::IntervalKind::Unspecified, words::wire_interval)
            .into(),
    }
}

/// A metric as it is to be stored, before it is checked against all others; `version` is the one that it gets.
pub(crate) fn definition(
    metric: &wire::Metric,
    version: u32,
    registry: &Registry,
) -> Result<Definition, Vec<Violation>> {
    let mut reader = Reader::new();
    let read = reader.within("metric", |reader| read(reader, metric, version, registry));
    reader.finish(read)
}

fn read(reader: &mut Reader, metric: &wire::Metric, version: u32, registry: &Registry) -> Option<Definition> {
    if metric.metric_id.is_empty() {
        reader.fault("metric_id", Reason::Required, "must be given");
    }
    let title = reader.text("title", &metric.title);
    if title.is_none() {
        reader.fault("title", Reason::Required, "must be given");
    }
    let description = reader.text("description", &metric.description).unwrap_or_default();
    let parsed = required_expression(reader, "expression", &metric.expression);
    let n = expression(reader, "n_expression", &metric.n_expression);
    let immature = expression(reader, "immature_expression", &metric.immature_expression);
    let stated = unit(reader, "unit", &metric.unit);
    let grains = list(reader, "grains", &metric.grains, |reader, grain| {
        reader.required_choice("", *grain, words::grain)
    });
    let parameters = list(reader, "parameters", &metric.parameters, parameter);
    let variants = list(reader, "variants", &metric.variants, variant);
    let seeds = list(reader, "seed_names", &metric.seed_names, |reader, name| {
        reader.text("", name)
    });
    let parsed = parsed?;
    let mut definition = Definition {
        id: metric.metric_id.clone(),
        version,
        title: title?,
        description,
        additivity: additivity(parsed.root(), registry),
        expression: parsed,
        unit: stated.unwrap_or(ShownUnit::Count),
        direction: reader
            .choice("direction", metric.direction, words::direction)
            .unwrap_or_default(),
        basis: reader
            .choice("default_basis", metric.default_basis, words::basis)
            .unwrap_or(scoreline_core::query::Basis::Event),
        n,
        immature,
        interval: reader
            .choice("interval", metric.interval, words::interval)
            .unwrap_or(IntervalKind::None),
        grains,
        section: reader.text("section", &metric.section).unwrap_or_default(),
        seeds,
        parameters,
        variants,
    };
    if metric.unit.is_empty() {
        definition.unit = fitting_unit(&definition, registry);
    }
    Some(definition)
}

fn list<W, T>(
    reader: &mut Reader,
    field: &'static str,
    elements: &[W],
    read: impl FnMut(&mut Reader, &W) -> Option<T>,
) -> Vec<T> {
    if !reader.at_most(field, elements.len(), MAX_LIST) {
        return Vec::new();
    }
    reader.each(field, elements, read)
}

fn required_expression(reader: &mut Reader, field: &'static str, text: &str) -> Option<Expression> {
    if text.is_empty() {
        reader.fault(field, Reason::Required, "must be given");
    }
    expression(reader, field, text)
}

fn expression(reader: &mut Reader, field: &'static str, text: &str) -> Option<Expression> {
    if text.is_empty() {
        return None;
    }
    Expression::parse(text)
        .map_err(|error| reader.fault(field, Reason::NotAllowed, error.to_string()))
        .ok()
}

fn unit(reader: &mut Reader, field: &'static str, name: &str) -> Option<ShownUnit> {
    if name.is_empty() {
        return None;
    }
    let found = words::UNITS.iter().find(|(_, known)| *known == name);
    if found.is_none() {
        let known: Vec<_> = words::UNITS.iter().map(|(_, name)| *name).collect();
        reader.fault(
            field,
            Reason::UnknownValue,
            format!("must be one of {}", known.join(", ")),
        );
    }
    found.map(|(unit, _)| *unit)
}

fn parameter(reader: &mut Reader, parameter: &wire::MetricParameter) -> Option<Parameter> {
    let kind = reader.required_choice("kind", parameter.kind, words::parameter_kind);
    if !reader.at_most("allowed_values", parameter.allowed_values.len(), MAX_LIST) {
        return None;
    }
    Some(Parameter {
        name: reader.text("name", &parameter.name).unwrap_or_default(),
        description: reader.text("description", &parameter.description).unwrap_or_default(),
        kind: kind?,
        default: reader.text("default_value", &parameter.default_value),
        allowed: parameter.allowed_values.clone(),
        min: parameter.min,
        max: parameter.max,
    })
}

fn variant(reader: &mut Reader, variant: &wire::MetricVariant) -> Option<Variant> {
    if variant.conditions.is_empty() || !reader.at_most("conditions", variant.conditions.len(), MAX_LIST) {
        reader.fault("conditions", Reason::Required, "must say when the variant holds");
        return None;
    }
    Some(Variant {
        when: variant.conditions.clone().into_iter().collect(),
        expression: expression(reader, "expression", &variant.expression),
        unit: unit(reader, "unit", &variant.unit),
        n: expression(reader, "n_expression", &variant.n_expression),
        immature: expression(reader, "immature_expression", &variant.immature_expression),
        interval: reader.choice("interval", variant.interval, words::interval),
    })
}

/// The first unit in which the expression can be shown; a quotient is a rate rather than a count.
fn fitting_unit(definition: &Definition, registry: &Registry) -> ShownUnit {
    use ShownUnit::{Count, Days, Money, MoneyPerDay, Months, Rate, Ratio, Score};
    let plain = match definition.expression.root().kind {
        Kind::Ratio(..) | Kind::Growth(..) => Rate,
        _ => Count,
    };
    let fits = |unit: &ShownUnit| {
        let candidate = Definition {
            unit: *unit,
            variants: Vec::new(),
            ..definition.clone()
        };
        registry.validate(&candidate).is_ok()
    };
    [Money, MoneyPerDay, Days, Months, Score, plain, Ratio]
        .into_iter()
        .find(fits)
        .unwrap_or(Count)
}

/// What the values of shorter periods make of a longer one.
fn additivity(node: &Node, registry: &Registry) -> Additivity {
    match &node.kind {
        Kind::Measured(Function::Sum | Function::Count, _) => Additivity::Sum,
        Kind::Measured(Function::Balance | Function::Due | Function::Weighted(_) | Function::Stalled(..), _) => {
            Additivity::Last
        }
        Kind::Metric(id) => registry.get(id).map_or(Additivity::None, |metric| metric.additivity),
        Kind::Negate(inner) => additivity(inner, registry),
        Kind::Binary(Operator::Add | Operator::Subtract, left, right) => {
            let (left, right) = (additivity(left, registry), additivity(right, registry));
            if left == right { left } else { Additivity::None }
        }
        Kind::Binary(Operator::Multiply, left, right) => match (&left.kind, &right.kind) {
            (Kind::Number(_), _) => additivity(right, registry),
            (_, Kind::Number(_)) => additivity(left, registry),
            _ => Additivity::None,
        },
        Kind::Binary(Operator::Divide, left, right) if matches!(right.kind, Kind::Number(_)) => {
            additivity(left, registry)
        }
        _ => Additivity::None,
    }
}

#[cfg(test)]
mod tests {
    use scoreline_core::policy::Policies;

    use super::*;

    fn read(expression: &str) -> Definition {
        let metric = wire::Metric {
            metric_id: "mine".to_owned(),
            title: "Mine".to_owned(),
            expression: expression.to_owned(),
            ..Default::default()
        };
        definition(&metric, 1, &Registry::builtin(&Policies::default())).expect("a definition")
    }

    #[test]
    fn unit_and_additivity_follow_from_the_expression() {
        let derived = |expression: &str| {
            let definition = read(expression);
            (definition.unit, definition.additivity)
        };
        assert_eq!(derived("sum(bookings)"), (ShownUnit::Money, Additivity::Sum));
        assert_eq!(derived("count(won) + count(lost)"), (ShownUnit::Count, Additivity::Sum));
        assert_eq!(
            derived("ratio(count(won), count(lost))"),
            (ShownUnit::Rate, Additivity::None)
        );
        assert_eq!(derived("mrr * 12"), (ShownUnit::Money, Additivity::Last));
    }

    #[test]
    fn every_metric_of_ours_survives_the_wire() {
        let registry = Registry::builtin(&Policies::default());
        for ours in registry.iter() {
            let told = metric(ours);
            let again = definition(&told, ours.version, &registry).expect(&ours.id);
            assert_eq!(
                Definition {
                    additivity: ours.additivity,
                    ..again
                },
                *ours,
                "{}",
                ours.id
            );
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let metric = wire::Metric {
            expression: "sum(".to_owned(),
            unit: "miles".to_owned(),
            ..Default::default()
        };
        let found = definition(&metric, 1, &Registry::builtin(&Policies::default())).expect_err("refused");
        let fields: Vec<_> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(
            fields,
            ["metric.metric_id", "metric.title", "metric.expression", "metric.unit"]
        );
        assert!(
            found[2].description.contains("line 1, column"),
            "{}",
            found[2].description
        );
    }
}
