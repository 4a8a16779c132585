//! sans-IO session machines (see below)
