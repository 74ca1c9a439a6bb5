//! The program `scoreline`.

use std::process::ExitCode;

fn main() -> ExitCode {
    scoreline_cli::main()
}
