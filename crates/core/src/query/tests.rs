mod cuts;
mod flows;
mod money;
mod naive;
mod property;
mod stocks;
mod world;
