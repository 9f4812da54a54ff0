mod corpus;
mod gate;
