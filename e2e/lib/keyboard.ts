/**
 * Presses keys of a physical keyboard by their W3C codes, as the browser of a Windows or Linux machine reports them.
 * What arrives is decided by the keyboard layout of the console.
 */

import type { CDPSession, Page } from '@playwright/test';

/** A key, and what is held with it. */
export interface Stroke {
  code: string;
  shift?: boolean;
  altGr?: boolean;
}

export type Layout = 'us' | 'de';
export type System = 'windows' | 'linux';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const US_DIGITS_SHIFTED = ')!@#$%^&*(';
const US_REST: Record<string, [string, string]> = {
  Minus: ['-', '_'], Equal: ['=', '+'], BracketLeft: ['[', '{'], BracketRight: [']', '}'], Backslash: ['\\', '|'],
  Semicolon: [';', ':'], Quote: ["'", '"'], Backquote: ['`', '~'], Comma: [',', '<'], Period: ['.', '>'], Slash: ['/', '?'],
};
const DE_DIGITS_SHIFTED = '=!"§$%&/()';
const DE_REST: Record<string, [string, string]> = {
  Minus: ['ß', '?'], BracketLeft: ['ü', 'Ü'], BracketRight: ['+', '*'], Semicolon: ['ö', 'Ö'], Quote: ['ä', 'Ä'],
  Backslash: ['#', "'"], IntlBackslash: ['<', '>'], Comma: [',', ';'], Period: ['.', ':'], Slash: ['-', '_'],
};
const DE_ALT_GR: Record<string, string> = {
  '@': 'KeyQ', '€': 'KeyE', '{': 'Digit7', '[': 'Digit8', ']': 'Digit9', '}': 'Digit0', '\\': 'Minus', '|': 'IntlBackslash', '~': 'BracketRight',
};

/** Lets the portal take this browser for one on Windows, where AltGr looks different. */
export async function pretendWindows(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const userAgent = (await page.evaluate(() => navigator.userAgent)).replace(/\([^)]*\)/, '(Windows NT 10.0; Win64; x64)');
  const userAgentMetadata = { platform: 'Windows', platformVersion: '15.0.0', architecture: 'x86', model: '', mobile: false };
  await devtools.send('Emulation.setUserAgentOverride', { userAgent, platform: 'Win32', userAgentMetadata });
}

/** How the characters of a layout are typed. */
export function strokesOf(layout: Layout): Map<string, Stroke> {
  const strokes = new Map<string, Stroke>([[' ', { code: 'Space' }], ['\n', { code: 'Enter' }], ['\t', { code: 'Tab' }]]);
  for (const letter of LETTERS) {
    // On a German keyboard Y and Z have changed places; codes name the places of the American one.
    const place = layout === 'de' ? ({ y: 'z', z: 'y' }[letter] ?? letter) : letter;
    strokes.set(letter, { code: `Key${place.toUpperCase()}` });
    strokes.set(letter.toUpperCase(), { code: `Key${place.toUpperCase()}`, shift: true });
  }
  [...(layout === 'us' ? US_DIGITS_SHIFTED : DE_DIGITS_SHIFTED)].forEach((shifted, digit) => {
    strokes.set(String(digit), { code: `Digit${digit}` });
    strokes.set(shifted, { code: `Digit${digit}`, shift: true });
  });
  for (const [code, [plain, shifted]] of Object.entries(layout === 'us' ? US_REST : DE_REST)) {
    strokes.set(plain, { code });
    strokes.set(shifted, { code, shift: true });
  }
  if (layout === 'de') for (const [char, code] of Object.entries(DE_ALT_GR)) strokes.set(char, { code, altGr: true });
  return strokes;
}

interface AltGrEvent {
  code: string;
  key: string;
  location: number;
  keyCode: number;
  ctrlKey?: boolean;
  modifierAltGraph?: boolean;
}

export class Keyboard {
  private readonly strokes: Map<string, Stroke>;

  private constructor(
    private readonly page: Page,
    private readonly devtools: CDPSession,
    layout: Layout,
    /** Whose way of reporting AltGr is used; the page has to believe it is there (`pretendWindows`). */
    private readonly system: System,
  ) {
    this.strokes = strokesOf(layout);
  }

  static async of(page: Page, layout: Layout = 'us', system: System = 'linux'): Promise<Keyboard> {
    return new Keyboard(page, await page.context().newCDPSession(page), layout, system);
  }

  /** Types characters as somebody at a keyboard of this layout would. */
  async type(text: string): Promise<void> {
    for (const char of text) {
      const stroke = this.strokes.get(char);
      if (!stroke) throw new Error(`${char} is not on this keyboard`);
      if (stroke.altGr) await this.withAltGr(stroke.code, char);
      else await this.chord([...(stroke.shift ? ['ShiftLeft'] : []), stroke.code], char);
    }
  }

  /** Holds all but the last code, presses that, and lets go in reverse: `chord(['ControlLeft', 'KeyC'])`. */
  async chord(codes: string[], char?: string): Promise<void> {
    for (const [place, code] of codes.entries()) await this.down(code, codes.slice(0, place), char);
    for (const [place, code] of [...codes.entries()].reverse()) await this.up(code, codes.slice(0, place));
  }

  async down(code: string, held: string[] = [], char?: string): Promise<void> {
    await this.dispatch('rawKeyDown', code, held, char);
  }

  async up(code: string, held: string[] = []): Promise<void> {
    await this.dispatch('keyUp', code, held);
  }

  /**
   * Windows reports AltGr as left Ctrl and right Alt, Linux as right Alt alone; both say that AltGraph is on. The
   * browser's debugger cannot say that, so these events are made in the page.
   */
  private async withAltGr(code: string, char: string): Promise<void> {
    const control = { code: 'ControlLeft', key: 'Control', location: 1, keyCode: 17 };
    const altGr = { code: 'AltRight', key: 'AltGraph', location: 2, keyCode: 18 };
    const stroke = { code, key: char, location: 0, keyCode: virtualKey(code) };
    const on = { modifierAltGraph: true };
    const events: [string, AltGrEvent][] = [
      ['keydown', { ...altGr, ...on }],
      ['keydown', { ...stroke, ...on }],
      ['keyup', { ...stroke, ...on }],
      ['keyup', { ...altGr }],
    ];
    if (this.system === 'windows') {
      events.unshift(['keydown', { ...control, ctrlKey: true }]);
      events.splice(4, 0, ['keyup', { ...control, ...on }]);
    }
    await this.page.evaluate((events) => {
      for (const [type, init] of events) {
        document.activeElement?.dispatchEvent(new KeyboardEvent(type, { ...init, bubbles: true, cancelable: true, composed: true }));
      }
    }, events);
  }

  private async dispatch(type: 'rawKeyDown' | 'keyUp', code: string, held: string[], char?: string): Promise<void> {
    const has = (name: string) => [...held, code].some((other) => other.startsWith(name));
    const modifiers = (has('Alt') ? 1 : 0) | (has('Control') ? 2 : 0) | (has('Meta') ? 4 : 0) | (has('Shift') ? 8 : 0);
    await this.devtools.send('Input.dispatchKeyEvent', {
      type, code, modifiers, key: KEYS[code] ?? char ?? code.replace(/^Key|^Digit/, '').toLowerCase(),
      windowsVirtualKeyCode: virtualKey(code), location: /Left$/.test(code) && MODIFIER.test(code) ? 1 : /Right$/.test(code) && MODIFIER.test(code) ? 2 : 0,
    });
  }
}

const MODIFIER = /^(Shift|Control|Alt|Meta)/;
const KEYS: Record<string, string> = {
  ShiftLeft: 'Shift', ShiftRight: 'Shift', ControlLeft: 'Control', ControlRight: 'Control', AltLeft: 'Alt', AltRight: 'AltGraph',
  Enter: 'Enter', Tab: 'Tab', Space: ' ', Backspace: 'Backspace', Escape: 'Escape',
  ArrowLeft: 'ArrowLeft', ArrowRight: 'ArrowRight', ArrowUp: 'ArrowUp', ArrowDown: 'ArrowDown', Home: 'Home', End: 'End', Delete: 'Delete',
};
const VIRTUAL_KEYS: Record<string, number> = {
  ShiftLeft: 16, ShiftRight: 16, ControlLeft: 17, ControlRight: 17, AltLeft: 18, AltRight: 18, Enter: 13, Tab: 9, Space: 32,
  Backspace: 8, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, End: 35, Home: 36, Delete: 46,
  Minus: 189, Equal: 187, BracketLeft: 219, BracketRight: 221, Backslash: 220, Semicolon: 186, Quote: 222, Backquote: 192,
  Comma: 188, Period: 190, Slash: 191, IntlBackslash: 226,
};

function virtualKey(code: string): number {
  return VIRTUAL_KEYS[code] ?? code.replace(/^Key|^Digit/, '').charCodeAt(0);
}
