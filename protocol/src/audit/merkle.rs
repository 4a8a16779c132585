//! The Merkle tree of [RFC 6962] over SHA-256: leaves are only ever appended, and two proofs tell a stranger that a leaf is
//! in the tree, and that a tree is the beginning of a larger one.
//!
//! Whoever appends keeps a [`CompactRange`]: one hash for each complete subtree, at most 64. The same type stands for any
//! stretch of leaves of which only hashes are known.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1

use sha2::{Digest as _, Sha256};

/// Most hashes in a proof, and most subtrees on one side of a range.
pub const PATH_MAX: usize = 64;

/// SHA-256 of a leaf, a subtree or a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of a leaf whose data comes in `parts`.
    pub fn of_leaf(parts: &[&[u8]]) -> Self {
        let hasher = parts.iter().fold(Sha256::new_with_prefix([0]), Sha256::chain_update);
        Self(hasher.finalize().into())
    }

    /// Of the tree with these two subtrees.
    pub fn of_node(left: &Self, right: &Self) -> Self {
        Self(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// Of the tree without leaves.
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl std::str::FromStr for Hash {
    type Err = hex::FromHexError;

    /// Takes 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash)?;
        Ok(Self(hash))
    }
}

/// The leaves from `begin` up to and without `end`, as the largest complete subtrees of the whole tree that lie within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactRange {
    begin: u64,
    end: u64,
    /// From left to right, each with the binary logarithm of its leaves.
    subtrees: Vec<(u32, Hash)>,
}

impl CompactRange {
    /// No leaves yet, before the leaf `begin`.
    pub fn starting_at(begin: u64) -> Self {
        Self { begin, end: begin, subtrees: Vec::new() }
    }

    /// A range whose subtrees were written down. `None` when it cannot have so many.
    pub fn from_hashes(begin: u64, end: u64, hashes: &[Hash]) -> Option<Self> {
        let levels = levels(begin, end)?;
        (levels.len() == hashes.len()).then(|| {
            let subtrees = levels.into_iter().zip(hashes.iter().copied()).collect();
            Self { begin, end, subtrees }
        })
    }

    pub fn begin(&self) -> u64 {
        self.begin
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    /// From left to right.
    pub fn hashes(&self) -> impl Iterator<Item = &Hash> {
        self.subtrees.iter().map(|(_, hash)| hash)
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.append(0, leaf);
    }

    /// Appends the range that follows this one. `false`, and nothing changed, when `next` begins elsewhere.
    pub fn extend(&mut self, next: &Self) -> bool {
        let follows = self.end == next.begin;
        if follows {
            next.subtrees.iter().for_each(|(level, hash)| self.append(*level, *hash));
        }
        follows
    }

    /// The hash of the tree whose leaves these are, where the range begins at a tree's first leaf.
    pub fn root(&self) -> Hash {
        let mut from_right = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        let last = from_right.next().unwrap_or_else(Hash::of_nothing);
        from_right.fold(last, |right, left| Hash::of_node(&left, &right))
    }

    fn append(&mut self, mut level: u32, mut hash: Hash) {
        self.end += 1 << level;
        while let Some(&(left_level, left)) = self.subtrees.last()
            && left_level == level
            && self.end.trailing_zeros() > level
        {
            self.subtrees.pop();
            hash = Hash::of_node(&left, &hash);
            level += 1;
        }
        self.subtrees.push((level, hash));
    }
}

/// The sizes of the largest complete subtrees between two positions, from left to right.
fn levels(begin: u64, end: u64) -> Option<Vec<u32>> {
    let mut levels = Vec::new();
    let mut position = begin;
    while position < end {
        let level = position.trailing_zeros().min((end - position).ilog2());
        levels.push(level);
        position += 1 << level;
    }
    (begin <= end).then_some(levels)
}

/// Proves to whoever has the root of the tree of `size` leaves that it holds the leaf `index`, from the hashes of
/// subtrees: those from a leaf up to and without another, which are trees of their own.
///
/// # Errors
/// When `subtree` fails.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    subtree: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while begin + 1 < end && index < size {
        let middle = begin + split(end - begin);
        if index < middle {
            path.push(subtree(middle, end)?);
            end = middle;
        } else {
            path.push(subtree(begin, middle)?);
            begin = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that the tree of `size` leaves with this root holds `leaf` at `index`. [RFC 9162, 2.1.3.2]
///
/// [RFC 9162, 2.1.3.2]: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
pub fn includes(root: &Hash, size: u64, index: u64, leaf: &Hash, path: &[Hash]) -> bool {
    if size <= index {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for next in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = Hash::of_node(next, &hash);
            let up = if node & 1 == 1 { 0 } else { node.trailing_zeros().min(63) };
            (node, last) = (node >> up, last >> up);
        } else {
            hash = Hash::of_node(&hash, next);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Proves to whoever has the roots of both trees that the tree of `from` leaves is the beginning of the tree of `to` leaves.
/// `subtree` as for [`prove_inclusion`].
///
/// # Errors
/// When `subtree` fails.
pub fn prove_consistency<E>(
    from: u64,
    to: u64,
    subtree: &mut impl FnMut(u64, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if from == 0 || to <= from {
        return Ok(Vec::new());
    }
    let (mut begin, mut end) = (0, to);
    let mut path = Vec::new();
    while from != end {
        let middle = begin + split(end - begin);
        if from <= middle {
            path.push(subtree(middle, end)?);
            end = middle;
        } else {
            path.push(subtree(begin, middle)?);
            begin = middle;
        }
    }
    // The smaller tree's own root is known to whoever checks.
    if begin != 0 {
        path.push(subtree(begin, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that the tree `old` (root and leaves) is the beginning of the tree `new`. [RFC 9162, 2.1.4.2]
///
/// [RFC 9162, 2.1.4.2]: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
pub fn continues(old: (&Hash, u64), new: (&Hash, u64), path: &[Hash]) -> bool {
    let ((old_root, from), (new_root, to)) = (old, new);
    if to <= from || from == 0 {
        let same = from == to && old_root == new_root;
        return path.is_empty() && (same || from == 0 && 0 < to && *old_root == Hash::of_nothing());
    }
    let mut hashes = path.iter();
    let first = if from.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(&first) = first else { return false };
    let up = (from - 1).trailing_ones();
    let (mut node, mut last) = ((from - 1) >> up, (to - 1) >> up);
    let (mut of_old, mut of_new) = (first, first);
    for next in hashes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            of_old = Hash::of_node(next, &of_old);
            of_new = Hash::of_node(next, &of_new);
            let up = if node & 1 == 1 { 0 } else { node.trailing_zeros().min(63) };
            (node, last) = (node >> up, last >> up);
        } else {
            of_new = Hash::of_node(&of_new, next);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

/// The leaves of the left one of the two subtrees of a tree: the largest power of two below `n_leaves`, which is at least 2.
fn split(n_leaves: u64) -> u64 {
    1 << (n_leaves - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The test tree that implementations of Certificate Transparency share.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    /// Of its first 0 to 8 leaves.
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The definition of RFC 6962, word for word.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of_nothing(),
            [leaf] => *leaf,
            _ => {
                let mut left = 1;
                while left * 2 < leaves.len() {
                    left *= 2;
                }
                Hash::of_node(&naive(&leaves[..left]), &naive(&leaves[left..]))
            }
        }
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|index| Hash::of_leaf(&[&index.to_le_bytes()])).collect()
    }

    fn range(begin: u64, leaves: &[Hash]) -> CompactRange {
        let mut range = CompactRange::starting_at(begin);
        for leaf in leaves {
            range.push(*leaf);
        }
        range
    }

    fn inclusion(leaves: &[Hash], index: u64) -> Vec<Hash> {
        let mut subtree = |begin: u64, end: u64| Ok::<_, Infallible>(naive(&leaves[begin as usize..end as usize]));
        prove_inclusion(index, leaves.len() as u64, &mut subtree).expect("the leaves are there")
    }

    fn consistency(leaves: &[Hash], from: u64) -> Vec<Hash> {
        let mut subtree = |begin: u64, end: u64| Ok::<_, Infallible>(naive(&leaves[begin as usize..end as usize]));
        prove_consistency(from, leaves.len() as u64, &mut subtree).expect("the leaves are there")
    }

    #[test]
    fn the_shared_test_tree_has_its_roots() {
        let mut range = CompactRange::starting_at(0);
        assert_eq!(range.root().to_string(), ROOTS[0]);
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            range.push(Hash::of_leaf(&[leaf]));
            assert_eq!(range.root().to_string(), *root);
        }
        assert_eq!(Hash::of_leaf(&[b"\x40\x41", b"\x42\x43"]), Hash::of_leaf(&[LEAVES[5]]));
    }

    #[test]
    fn every_proof_in_every_small_tree_holds_and_no_other_does() {
        let all = leaves(40);
        for size in 1..=40_u64 {
            let tree = &all[..size as usize];
            let root = naive(tree);
            for index in 0..size {
                let path = inclusion(tree, index);
                let leaf = &all[index as usize];
                assert!(includes(&root, size, index, leaf, &path), "{index} of {size}");
                assert!(!includes(&root, size, (index + 1) % size, leaf, &path) || size == 1);
                assert!(!includes(&root, size, index + size, leaf, &path));
                assert!(!includes(&Hash::of_nothing(), size, index, leaf, &path));
                for cut in 0..path.len() {
                    assert!(!includes(&root, size, index, leaf, &path[..cut]));
                }
                assert!(!includes(&root, size, index, leaf, &[path.as_slice(), &[root]].concat()));
            }
            for from in 1..=size {
                let old = naive(&all[..from as usize]);
                let path = consistency(tree, from);
                assert!(continues((&old, from), (&root, size), &path), "{from} of {size}");
                assert!(!continues((&root, from), (&root, size), &path) || from == size);
                assert!(!continues((&old, from), (&old, size), &path) || from == size);
                for cut in 0..path.len() {
                    assert!(!continues((&old, from), (&root, size), &path[..cut]));
                }
                assert!(!continues((&old, from), (&root, size), &[path.as_slice(), &[root]].concat()));
            }
        }
        assert!(continues((&Hash::of_nothing(), 0), (&all[0], 1), &[]));
        assert!(!continues((&all[0], 0), (&all[0], 1), &[]));
        assert!(!continues((&all[0], 2), (&all[0], 1), &[]));
    }

    proptest! {
        #[test]
        fn a_range_is_the_tree_of_the_definition(size in 0_u64..300) {
            let all = leaves(size);
            prop_assert_eq!(range(0, &all).root(), naive(&all));
        }

        #[test]
        fn ranges_join_to_the_range_of_all(size in 0_u64..300, cuts in proptest::collection::vec(0_u64..300, 0..6)) {
            let all = leaves(size);
            let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(size)).collect();
            cuts.extend([0, size]);
            cuts.sort_unstable();
            let mut joined = CompactRange::starting_at(0);
            for pair in cuts.windows(2) {
                let part = range(pair[0], &all[pair[0] as usize..pair[1] as usize]);
                let hashes: Vec<Hash> = part.hashes().copied().collect();
                prop_assert!(hashes.len() <= 2 * PATH_MAX);
                let read = CompactRange::from_hashes(pair[0], pair[1], &hashes);
                prop_assert_eq!(read.as_ref(), Some(&part));
                prop_assert!(joined.extend(&part));
            }
            prop_assert_eq!(joined.root(), naive(&all));
            prop_assert_eq!(joined, range(0, &all));
        }

        #[test]
        fn no_flipped_bit_proves_anything(
            size in 2_u64..200, index in any::<u64>(), from in any::<u64>(), bit in 0_usize..256, which in any::<usize>(),
        ) {
            let all = leaves(size);
            let root = naive(&all);
            let (index, from) = (index % size, 1 + from % (size - 1));
            let mut path = inclusion(&all, index);
            let place = which % path.len();
            path[place].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!includes(&root, size, index, &all[index as usize], &path));
            let mut path = consistency(&all, from);
            let place = which % path.len();
            path[place].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!continues((&naive(&all[..from as usize]), from), (&root, size), &path));
        }

        #[test]
        fn nothing_that_somebody_claims_panics(
            size in any::<u64>(), index in any::<u64>(), from in any::<u64>(), n_hashes in 0_usize..70,
        ) {
            let hash = Hash::of_nothing();
            let path = vec![hash; n_hashes];
            let _ = includes(&hash, size, index, &hash, &path);
            let _ = continues((&hash, from), (&hash, size), &path);
            let _ = CompactRange::from_hashes(from, size, &path);
        }
    }

    #[test]
    fn a_range_with_other_subtrees_is_none() {
        let hash = Hash::of_nothing();
        assert!(CompactRange::from_hashes(0, 3, &[hash; 2]).is_some());
        for n_hashes in [0, 1, 3] {
            assert!(CompactRange::from_hashes(0, 3, &vec![hash; n_hashes]).is_none());
        }
        assert!(CompactRange::from_hashes(3, 2, &[]).is_none());
        let mut range = CompactRange::starting_at(0);
        assert!(!range.extend(&CompactRange::starting_at(1)) && range.is_empty());
    }
}
