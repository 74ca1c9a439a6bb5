mod cuts;
mod flows;
mod kept;
mod money;
mod naive;
mod property;
mod stocks;
mod world;
