//! Revenue and orders.

use scoreline_core::rational::Rational;

use super::{Cell, Metric, View, counted, minus, plain, ratio};
use crate::reference::view::{fraction, number};

pub(super) fn cell(metric: &Metric, view: &View<'_>) -> Option<Cell> {
    let sales = || view.subjects("sale_amount");
    Some(match metric.id.as_str() {
        "revenue" => plain(view.money("revenue"), sales()),
        "gross_profit" => plain(profit(view), sales()),
        "profit_margin" => ratio(profit(view), view.money("revenue"), sales()),
        "average_revenue_per_sale" => ratio(view.money("revenue"), sales(), sales()),
        "average_order_value" => {
            let orders = view.subjects("order_amount");
            ratio(view.money("order_amount"), orders, orders)
        }
        "orders" => counted(view.subjects("order_amount")),
        "units_sold" => plain(fraction(view.sum("units_sold"), 1_000), view.count("units_sold")),
        "bookings" => plain(view.money("bookings"), view.count("bookings")),
        "average_deal_size" => ratio(view.money("bookings"), view.count("won"), view.count("won")),
        "cost" => plain(view.money("cost"), number(&view.flow("cost", None))),
        _ => return None,
    })
}

fn profit(view: &View<'_>) -> Rational {
    minus(view.money("revenue"), view.money("cost_of_goods"))
}
