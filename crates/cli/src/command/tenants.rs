//! `scoreline tenants create|list`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use scoreline_proto::tenants::v1::{CreateTenantRequest, ListTenantsRequest};

use super::metrics::document;
use crate::{
    arguments::Remote,
    connection::{Connection, request},
    output::{Columns, line},
};

/// Arguments of `tenants`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a tenant.
    Create {
        /// Its id.
        tenant_id: String,
        /// Its settings: scoreline.tenants.v1.Settings in TOML or JSON; the defaults unless given.
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
    },
    /// List the tenants.
    List,
}

pub(crate) async fn run(remote: &Remote, tenants: &Arguments) -> anyhow::Result<ExitCode> {
    match &tenants.action {
        Action::Create { tenant_id, settings } => {
            let message = CreateTenantRequest {
                tenant_id: tenant_id.clone(),
                settings: settings.as_deref().map(document).transpose()?,
            };
            Connection::open(remote)
                .await?
                .tenants()
                .create_tenant(request(message))
                .await?;
            line(format_args!("tenant {tenant_id} is new"));
        }
        Action::List => list(remote).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(remote: &Remote) -> anyhow::Result<()> {
    let mut client = Connection::open(remote).await?.tenants();
    let mut message = ListTenantsRequest::default();
    let mut columns = Columns::new(&["tenant", ">commit"]);
    loop {
        let page = client.list_tenants(request(message.clone())).await?.into_inner();
        page.tenants
            .iter()
            .for_each(|tenant| columns.row(&[tenant.tenant_id.clone(), tenant.commit.to_string()]));
        if page.next_page_token.is_empty() {
            break;
        }
        message.page_token = page.next_page_token;
    }
    line(columns.render());
    Ok(())
}
