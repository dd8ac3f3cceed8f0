#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Number(i32),
    Add,
    Subtract,
    Multiply,
}

fuzz_target!(|list: Vec<Step>| {
    let words: Vec<String> = list
        .iter()
        .map(|step| match step {
            Step::Number(n) => n.to_string(),
            Step::Add => "+".into(),
            Step::Subtract => "-".into(),
            Step::Multiply => "*".into(),
        })
        .collect();
    let _ = postfix::calculate(&words.join(" "));
});
