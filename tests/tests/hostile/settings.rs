//! Settings that can't hold, and tenants that are not there.

use prost_reflect::prost_types::FieldMask;
use scoreline_proto::{
    tenants::v1::{
        CreateTenantRequest, CustomerLifecycle, DeclaredMeasure, FiscalCalendar, GetSettingsRequest,
        ListTenantsRequest, Pipeline, Settings, Stage, TransactionalLifecycle, UpdateSettingsRequest,
        customer_lifecycle::Policy,
    },
    types::v1::Date,
};
use scoreline_tests::{client::Clients, faults::findings};
use tonic::Code;

use super::{Complaints, Refusal, Target};

fn text(text: &str) -> String {
    text.to_owned()
}

fn pipeline(stages: &[(&str, &str)]) -> Settings {
    let stage = |(name, probability): &(&str, &str)| Stage {
        name: text(name),
        probability: text(probability),
        ..Stage::default()
    };
    let stages = stages.iter().map(stage).collect();
    Settings {
        pipelines: vec![Pipeline {
            name: text("p"),
            default: true,
            stages,
        }],
        ..Settings::default()
    }
}

fn year(year_start_month: i32, retail_pattern: i32) -> Settings {
    let calendar = FiscalCalendar {
        year_start_month,
        retail_pattern,
        ..FiscalCalendar::default()
    };
    Settings {
        fiscal_calendar: Some(calendar),
        ..Settings::default()
    }
}

fn window(window_days: i32) -> Settings {
    let policy = Some(Policy::Transactional(TransactionalLifecycle { window_days }));
    Settings {
        customer_lifecycle: Some(CustomerLifecycle { policy }),
        ..Settings::default()
    }
}

fn senseless() -> Vec<(&'static str, Settings, &'static str)> {
    let attributes = |count: usize| Settings {
        attributes: (0..count).map(|n| format!("a{n}")).collect(),
        ..Settings::default()
    };
    let measure = DeclaredMeasure {
        name: text("m"),
        unit: 0,
    };
    let no_day = Some(Date {
        year: 2024,
        month: 2,
        day: 31,
    });
    vec![
        (
            "an unknown zone",
            Settings {
                time_zone: text("Mars/Olympus"),
                ..Settings::default()
            },
            "time_zone",
        ),
        (
            "a path as zone",
            Settings {
                time_zone: text("../../../etc/passwd"),
                ..Settings::default()
            },
            "time_zone",
        ),
        (
            "an unknown currency",
            Settings {
                reporting_currency_code: text("ZZZ"),
                ..Settings::default()
            },
            "reporting_currency_code",
        ),
        ("month 13", year(13, 0), "fiscal_calendar.year_start_month"),
        ("the least month", year(i32::MIN, 0), "fiscal_calendar.year_start_month"),
        ("an unknown pattern", year(1, 99), "fiscal_calendar.retail_pattern"),
        (
            "a negative window",
            window(-1),
            "customer_lifecycle.transactional.window_days",
        ),
        (
            "the longest window",
            window(i32::MAX),
            "customer_lifecycle.transactional.window_days",
        ),
        (
            "an unknown source",
            Settings {
                revenue_source: 9,
                ..Settings::default()
            },
            "revenue_source",
        ),
        (
            "an unknown crediting",
            Settings {
                crediting: -9,
                ..Settings::default()
            },
            "crediting",
        ),
        (
            "no day",
            Settings {
                currency_mode: 3,
                currency_fixed_date: no_day,
                ..Settings::default()
            },
            "currency_fixed_date",
        ),
        ("no stages", pipeline(&[]), "pipelines[0].stages"),
        (
            "a stage twice",
            pipeline(&[("a", "0.1"), ("a", "0.2")]),
            "pipelines[0].stages[1].name",
        ),
        (
            "a probability of NaN",
            pipeline(&[("a", "NaN")]),
            "pipelines[0].stages[0].probability",
        ),
        (
            "a probability of 2",
            pipeline(&[("a", "2")]),
            "pipelines[0].stages[0].probability",
        ),
        (
            "a stage without a name",
            pipeline(&[("", "0.1")]),
            "pipelines[0].stages[0].name",
        ),
        ("17 attributes", attributes(17), "attributes"),
        (
            "an attribute of a line break",
            Settings {
                attributes: vec![text("a\n")],
                ..Settings::default()
            },
            "attributes[0]",
        ),
        (
            "a measure of no unit",
            Settings {
                measures: vec![measure],
                ..Settings::default()
            },
            "measures[0].unit",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_hold_change_nothing() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let before = target
        .clients
        .tenants
        .get_settings(GetSettingsRequest::default())
        .await?
        .into_inner();
    let mut complaints = Complaints::default();
    for (what, settings, field) in senseless() {
        let request = UpdateSettingsRequest {
            settings: Some(settings),
            ..UpdateSettingsRequest::default()
        };
        let answer = target.clients.tenants.update_settings(request).await;
        complaints.expect(
            what,
            answer,
            &Refusal::field("SETTINGS_INVALID", &format!("settings.{field}")),
        );
    }
    let nothing = UpdateSettingsRequest::default();
    let answer = target.clients.tenants.update_settings(nothing).await;
    complaints.expect("no settings", answer, &Refusal::field("SETTINGS_REQUIRED", "settings"));
    let masked = UpdateSettingsRequest {
        settings: Some(Settings::default()),
        update_mask: Some(FieldMask {
            paths: vec![text("secret")],
        }),
        ..UpdateSettingsRequest::default()
    };
    let answer = target.clients.tenants.update_settings(masked).await;
    complaints.expect(
        "a mask of nothing",
        answer,
        &Refusal::field("MASK_INVALID", "update_mask"),
    );
    let stale = Settings {
        etag: text("\"0\""),
        ..Settings::default()
    };
    let request = UpdateSettingsRequest {
        settings: Some(stale),
        ..UpdateSettingsRequest::default()
    };
    let answer = target.clients.tenants.update_settings(request).await;
    complaints.expect("a stale etag", answer, &Refusal::whole(Code::Aborted, "ETAG_STALE"));
    complaints.done(22);
    let after = target
        .clients
        .tenants
        .get_settings(GetSettingsRequest::default())
        .await?
        .into_inner();
    assert_eq!(before, after);
    target.still_serves().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_that_are_not_there_are_refused() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let mut complaints = Complaints::default();
    for tenant_id in ["", "a/b", "../etc", "ä", "a b", &"t".repeat(65)] {
        let request = CreateTenantRequest {
            tenant_id: text(tenant_id),
            settings: None,
        };
        let answer = target.clients.tenants.create_tenant(request).await;
        complaints.expect(tenant_id, answer, &Refusal::field("TENANT_INVALID", "tenant_id"));
    }
    let page = ListTenantsRequest {
        page_size: -1,
        page_token: String::new(),
    };
    let answer = target.clients.tenants.list_tenants(page).await;
    complaints.expect(
        "a negative page",
        answer,
        &Refusal::field("PAGE_SIZE_NEGATIVE", "page_size"),
    );
    let mut stranger = Clients::connect(&target.server.endpoint(), "nobody").await?;
    let unknown = Refusal::whole(Code::NotFound, "TENANT_UNKNOWN");
    let mut maker = scoreline_tests::faults::maker::Maker::new(1);
    let batch = maker.batch(&mut scoreline_tests::reference::dice::Dice::new(1), 1);
    complaints.expect("events", stranger.ingest(batch).await, &unknown);
    let settings = stranger.tenants.get_settings(GetSettingsRequest::default()).await;
    complaints.expect("settings", settings, &unknown);
    let asked = findings::leads_counted(&mut stranger, 0).await;
    let refused = asked.err().and_then(|error| error.downcast::<tonic::Status>().ok());
    complaints.expect("a question", refused.map_or(Ok(()), Err), &unknown);
    complaints.done(10);
    target.still_serves().await
}
