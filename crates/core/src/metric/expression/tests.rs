use proptest::prelude::*;

use super::*;
use crate::{
    dimension::Dimension,
    id::Name,
    measure::{Builtin, Measure},
    query::Basis,
    rational::Rational,
};

#[test]
fn an_expression_prints_as_it_was_written() {
    for text in [
        "sum(revenue)",
        "revenue - sum(cost_of_goods)",
        "1 - ratio(a, b)",
        "a - (b - c)",
        "a - b - c",
        "(a + b) * c / -d",
        "quantile(won_cycle, 0.9)",
        "distinct(purchase, account)",
        "growth(revenue, last_year)",
        "target($metric)",
        "active_reps() * months() / days()",
        "earlier(sum(cost where cost_category in $scope), $lag months)",
        "lifetime(churn / months(), 60 months)",
        "weighted(pipeline_amount, learnt)",
        "stalled(open_opportunities, stage_visit, 0.9)",
        "count(lead_qualified on cohort within $window days)",
        "count(lead_created matured 30 days)",
        r#"count(activity where activity_kind = "call" and outcome != none and rep not in ("a", "b\"c"))"#,
        "sum(`own.net weight` where `attribute.age band` = \"20–30\")",
    ] {
        let expression = Expression::parse(text).expect(text);
        assert_eq!(expression.to_string(), text);
        assert_eq!(expression.text(), text);
    }
}

#[test]
fn needless_words_are_left_out() {
    for (text, canonical) in [
        ("((a))*(b)", "a * b"),
        ("weighted(pipeline_amount,declared)", "weighted(pipeline_amount)"),
        ("count(won where rep = $who)", "count(won where rep in $who)"),
        ("0.50\n + 1.000", "0.5 + 1"),
    ] {
        assert_eq!(Expression::parse(text).expect(text).to_string(), canonical);
    }
}

#[test]
fn faults_say_what_and_where() {
    for (text, message) in [
        (
            "",
            "expected a number, a parameter, a metric, a function or `(`, found the end at 0..0 (line 1, column 1)",
        ),
        ("sum(revenu)", "unknown measure `revenu` at 4..10 (line 1, column 5)"),
        ("total(revenue)", "unknown function `total` at 0..5 (line 1, column 1)"),
        (
            "1 +\n sum(won",
            "expected `)`, found the end at 12..12 (line 2, column 9)",
        ),
        (
            "count(won where colour = \"red\")",
            "unknown dimension `colour` at 16..22 (line 1, column 17)",
        ),
        (
            "count(won where rep \"a\")",
            "expected `=`, `!=`, `in` or `not in`, found \"a\" at 20..23 (line 1, column 21)",
        ),
        (
            "count(won on monday)",
            "expected `event` or `cohort`, found `monday` at 13..19 (line 1, column 14)",
        ),
        (
            "quantile(won_cycle, 1.5)",
            "expected a number from 0 to 1 with at most 6 decimal places, found `3/2` at 20..23 (line 1, column 21)",
        ),
        (
            "growth(revenue, next)",
            "expected `previous` or `last_year`, found `next` at 16..20 (line 1, column 17)",
        ),
        (
            "growth(3, previous)",
            "expected a metric, found `3` at 7..8 (line 1, column 8)",
        ),
        (
            "a b",
            "expected an operator or the end, found `b` at 2..3 (line 1, column 3)",
        ),
        (
            "1 + é",
            "expected a name, a number, a text or a sign, found 'é' at 4..6 (line 1, column 5)",
        ),
        (
            "count(won where rep = \"x",
            "expected a closing \", found the end at 22..24 (line 1, column 23)",
        ),
        (
            "1.2.3",
            "expected a decimal number of at most 18 digits, found `1.2.3` at 0..5 (line 1, column 1)",
        ),
    ] {
        assert_eq!(Expression::parse(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn limits_hold() {
    let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
    assert_eq!(Expression::parse(&deep).expect_err("deep").problem, Problem::TooDeep);
    assert_eq!(
        Expression::parse(&"-".repeat(4_000)).expect_err("deep").problem,
        Problem::TooDeep
    );
    let many = vec!["1"; 300].join("+");
    assert_eq!(
        Expression::parse(&many).expect_err("many").problem,
        Problem::TooManyNodes
    );
    let long = " ".repeat(5_000);
    assert_eq!(
        Expression::parse(&long).expect_err("long").problem,
        Problem::TooLong { bytes: 5_000 }
    );
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9_]{0,8}", "[a-z][a-zé `\\\\]{0,8}"]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        (0_i64..10_000, 0_u32..4).prop_map(|(number, places)| Amount::Number(decimal_of(number, places))),
        "[a-z]{1,6}".prop_map(Amount::Parameter),
    ]
}

fn decimal_of(number: i64, places: u32) -> Rational {
    Rational::new(i128::from(number), 10_i128.pow(places)).expect("a power is not 0")
}

fn condition() -> impl Strategy<Value = Condition> {
    let dimension = prop_oneof![
        prop::sample::select(Dimension::NAMED),
        name().prop_map(|name| Dimension::Attribute(Name::new(name).expect("a name"))),
        (1_u8..=16).prop_map(Dimension::TeamLevel),
    ];
    let value = prop::option::of("[a-zA-Z \"\\\\é]{1,6}".prop_map(|text| Name::new(text).expect("a name")));
    let values = prop_oneof![
        prop::collection::vec(value, 1..4).prop_map(Values::Listed),
        "[a-z]{1,6}".prop_map(Values::Parameter),
    ];
    (dimension, any::<bool>(), values).prop_map(|(dimension, exclude, values)| Condition {
        dimension,
        exclude,
        values,
    })
}

fn selection() -> impl Strategy<Value = Selection> {
    let measure = prop_oneof![
        prop::sample::select(Builtin::ALL).prop_map(Measure::from),
        name().prop_map(|name| Measure::Own(Name::new(name).expect("a name"))),
    ];
    let basis = prop::option::of(prop_oneof![Just(Basis::Event), Just(Basis::Cohort)]);
    let window = prop::option::of((any::<bool>(), amount()).prop_map(|(within, days)| {
        if within {
            Window::Within(days)
        } else {
            Window::Matured(days)
        }
    }));
    (measure, prop::collection::vec(condition(), 0..3), basis, window).prop_map(
        |(measure, conditions, basis, window)| Selection {
            measure,
            span: Span::default(),
            conditions,
            basis,
            window,
        },
    )
}

fn function() -> impl Strategy<Value = Function> {
    prop_oneof![
        Just(Function::Sum),
        Just(Function::Count),
        Just(Function::Average),
        (0_u32..=1_000_000).prop_map(Function::Quantile),
        Just(Function::Distinct),
        prop::sample::select(Dimension::NAMED).prop_map(Function::DistinctValues),
        Just(Function::Balance),
        Just(Function::Kept),
        Just(Function::Due),
        Just(Function::Weighted(Probability::Learnt)),
        (0_u32..=1_000_000).prop_map(|millionths| Function::Stalled(Builtin::StageVisit.into(), millionths)),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let place = |kind| Node {
        kind,
        span: Span::default(),
    };
    let leaf = prop_oneof![
        (0_i64..1_000_000, 0_u32..6).prop_map(|(number, places)| Kind::Number(decimal_of(number, places))),
        "[a-z]{1,6}".prop_map(Kind::Parameter),
        name().prop_map(Kind::Metric),
        (function(), selection()).prop_map(|(function, rows)| Kind::Measured(function, Box::new(rows))),
        name().prop_map(|id| Kind::Growth(Reference::Id(id), Offset::Previous)),
        "[a-z]{1,6}".prop_map(|name| Kind::Goal(Goal::Remaining, Reference::Parameter(name))),
        Just(Kind::Period(PeriodFunction::Months)),
    ];
    leaf.prop_map(place).prop_recursive(5, 40, 2, move |inner| {
        let operator = prop::sample::select(vec![
            Operator::Add,
            Operator::Subtract,
            Operator::Multiply,
            Operator::Divide,
        ]);
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (operator, pair.clone()).prop_map(|(sign, (left, right))| Kind::Binary(
                sign,
                Box::new(left),
                Box::new(right)
            )),
            pair.prop_map(|(left, right)| Kind::Ratio(Box::new(left), Box::new(right))),
            inner.clone().prop_map(|inner| Kind::Negate(Box::new(inner))),
            (inner.clone(), amount()).prop_map(|(inner, months)| Kind::Earlier(Box::new(inner), months)),
            (inner, amount()).prop_map(|(inner, months)| Kind::Lifetime(Box::new(inner), months)),
        ]
        .prop_map(place)
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(node in node()) {
        let text = node.to_string();
        match Expression::parse(&text) {
            Ok(read) => prop_assert_eq!(read.root(), &node),
            Err(Error { problem: Problem::TooLong { .. }, .. }) => {}
            Err(error) => prop_assert!(false, "{text}: {error}"),
        }
    }

    #[test]
    fn any_text_is_an_expression_or_a_fault_within_it(text in "\\PC{0,60}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{error}");
            prop_assert!(text.is_char_boundary(error.span.start));
        }
    }

    #[test]
    fn any_words_are_an_expression_or_a_fault(words in prop::collection::vec(prop::sample::select(vec![
        "sum", "count", "(", ")", ",", "won", "where", "rep", "=", "\"a\"", "in", "+", "-", "/", "ratio", "$p", "1", "within", "days", "on", "cohort",
    ]), 0..25)) {
        let _ = Expression::parse(&words.join(" "));
    }
}
