//! The colours of the simulated console.

use super::Rgba;

const fn solid(rgb: u32) -> Rgba {
    Rgba((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255)
}

pub(in super::super) const NIGHT_TOP: Rgba = solid(0x0E_1424);
pub(in super::super) const NIGHT_BOTTOM: Rgba = solid(0x15_1E33);
pub(in super::super) const BLACK: Rgba = solid(0x05_070C);

pub(in super::super) const TEXT: Rgba = solid(0xF3_F6FC);
pub(in super::super) const TEXT_SOFT: Rgba = solid(0xB4_BED2);
pub(in super::super) const TEXT_FAINT: Rgba = solid(0x86_92AB);

pub(in super::super) const CARD: Rgba = solid(0x1B_2539);
pub(in super::super) const CARD_HOVER: Rgba = solid(0x23_2F47);
pub(in super::super) const CARD_PRESSED: Rgba = solid(0x2B_3957);
pub(in super::super) const CARD_EDGE: Rgba = solid(0x2A_364E);
pub(in super::super) const WELL: Rgba = solid(0x11_192A);
pub(in super::super) const LINE: Rgba = solid(0x2A_364E);
pub(in super::super) const RAISED: Rgba = solid(0x2C_3A57);

pub(in super::super) const ACCENT: Rgba = solid(0x7C_9CFF);
pub(in super::super) const ACCENT_DEEP: Rgba = solid(0x3F_5FD9);
pub(in super::super) const INDIGO: Rgba = solid(0x5A_57E0);
pub(in super::super) const BLUE: Rgba = solid(0x3B_74E8);
pub(in super::super) const TEAL: Rgba = solid(0x3F_C8B4);
pub(in super::super) const AMBER: Rgba = solid(0xF2_B757);
pub(in super::super) const VIOLET: Rgba = solid(0xB4_8CF2);
pub(in super::super) const SKY: Rgba = solid(0x62_B5F5);
pub(in super::super) const GREEN: Rgba = solid(0x4C_D08E);
pub(in super::super) const LEAVE: Rgba = solid(0xD9_3A4C);
pub(in super::super) const LEAVE_HOVER: Rgba = solid(0xE8_4E5F);
pub(in super::super) const RING: Rgba = solid(0xE5_2B38);
pub(in super::super) const SELECTION: Rgba = solid(0x34_4C9C);
pub(in super::super) const WHITE: Rgba = solid(0xFF_FFFF);
