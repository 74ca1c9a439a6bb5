//! Products of two `u128` in 256 bits, for the few places where an exact answer fits but its intermediate does not, and
//! quotients that take no longer than their numbers need.

/// The full product of `a` and `b` as (high, low) halves.
///
/// Schoolbook multiplication in 64-bit limbs: `(ah·2⁶⁴ + al)(bh·2⁶⁴ + bl)`.
pub(crate) const fn product(a: u128, b: u128) -> (u128, u128) {
    const LIMB: u128 = u64::MAX as u128;
    let (ah, al) = (a >> 64, a & LIMB);
    let (bh, bl) = (b >> 64, b & LIMB);
    let low = al * bl;
    let (mid, mid_carry) = (ah * bl).overflowing_add(al * bh);
    let (low, low_carry) = low.overflowing_add(mid << 64);
    let high = ah * bh + (mid >> 64) + ((mid_carry as u128) << 64) + low_carry as u128;
    (high, low)
}

/// `a · b ÷ d` as (quotient, remainder); `None` when `d` is zero or the quotient exceeds 128 bits.
pub(crate) fn multiply_divide(a: u128, b: u128, d: u128) -> Option<(u128, u128)> {
    if d == 0 {
        return None;
    }
    if let Some(exact) = a.checked_mul(b) {
        return Some(divide(exact, d));
    }
    let (high, low) = product(a, b);
    (high < d).then(|| long_division(high, low, d))
}

/// Quotient and remainder. Dividing 128 bits takes tens of times as long as 64, which nearly all numbers fit.
pub(crate) fn divide(above: u128, below: u128) -> (u128, u128) {
    match (u64::try_from(above), u64::try_from(below)) {
        (Ok(above), Ok(below)) => (u128::from(above / below), u128::from(above % below)),
        _ => (above / below, above % below),
    }
}

/// (high·2¹²⁸ + low) ÷ d, bit by bit; the quotient fits because `high < d`.
fn long_division(high: u128, low: u128, d: u128) -> (u128, u128) {
    let (mut remainder, mut quotient) = (high, 0_u128);
    for bit in (0..128).rev() {
        let carry = remainder >> 127 == 1;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry || remainder >= d {
            remainder = remainder.wrapping_sub(d);
            quotient |= 1;
        }
    }
    (quotient, remainder)
}

/// `a · b ÷ d` rounded half to even; `None` when `d` is zero or the answer exceeds 128 bits.
pub(crate) fn multiply_divide_half_even(a: u128, b: u128, d: u128) -> Option<u128> {
    let (quotient, remainder) = multiply_divide(a, b, d)?;
    let up = match remainder.cmp(&(d - remainder)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient & 1 == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient.checked_add(u128::from(up))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_product_is_whole() {
        // (2¹²⁸ − 1)² = 2²⁵⁶ − 2¹²⁹ + 1
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(multiply_divide(u128::MAX, u128::MAX, u128::MAX), Some((u128::MAX, 0)));
        assert_eq!(multiply_divide(u128::MAX, 2, 1), None);
        assert_eq!(multiply_divide(1, 1, 0), None);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded: Vec<_> = [1, 3, 5, 7].map(|n| multiply_divide_half_even(n, 1, 2)).into();
        assert_eq!(rounded, [Some(0), Some(2), Some(2), Some(4)]);
    }

    proptest! {
        #[test]
        fn division_undoes_multiplication(a: u128, b: u128, d in 1_u128..) {
            let Some((quotient, remainder)) = multiply_divide(a, b, d) else { return Ok(()) };
            prop_assert!(remainder < d);
            // quotient·d + remainder is the product again, carry included.
            let (high, low) = product(quotient, d);
            let (low, carry) = low.overflowing_add(remainder);
            prop_assert_eq!((high + u128::from(carry), low), product(a, b));
        }
    }
}
