//! A small calculator of postfix notation ("1 2 + 3 *"), to try fuzzls on Rust. It has a
//! fault.

/// What is wrong with an expression.
#[derive(Debug, PartialEq)]
pub enum Error {
    /// A word is neither a number nor an operator.
    Word(String),
    /// An operator has too few operands.
    Operands,
    /// Nothing or too much is left at the end.
    Rest(usize),
}

/// Calculates an expression.
pub fn calculate(text: &str) -> Result<i64, Error> {
    let mut stack: Vec<i64> = Vec::new();
    for word in text.split_whitespace() {
        if let Ok(number) = word.parse() {
            stack.push(number);
            continue;
        }
        let right = stack.pop().ok_or(Error::Operands)?;
        let left = stack.pop().ok_or(Error::Operands)?;
        let result = match word {
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" => left / right, // fault: right may be 0
            _ => return Err(Error::Word(word.to_string())),
        };
        stack.push(result);
    }
    match stack.as_slice() {
        [result] => Ok(*result),
        rest => Err(Error::Rest(rest.len())),
    }
}
