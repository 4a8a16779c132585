import { expect, test } from '../fixtures/test.ts';
import { Keyboard, type Layout, type System } from '../lib/keyboard.ts';

const US_TEXT = 'The quick brown fox jumps over 12 lazy dogs, 34567890 times: @{}[]\\|~ #$%^&*()_+-=;\'"<>?/`!';
const DE_TEXT = 'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich: @€{}[]\\|~ §$%&/()=?+*#\'-_<>;.!"';

for (const { layout, system, text } of [
  { layout: 'us', system: 'windows', text: US_TEXT },
  { layout: 'de', system: 'windows', text: DE_TEXT },
  { layout: 'de', system: 'linux', text: DE_TEXT },
] satisfies { layout: Layout; system: System; text: string }[]) {
  test(`text typed on a ${layout} keyboard under ${system} arrives in the console's shell as it was typed`, async ({
    startX11Console, openTerminal, startSession,
  }) => {
    const { console } = await startX11Console();
    console.layout(layout);
    const terminal = await openTerminal(console);
    const session = await startSession('technician', { system });
    await session.focusPicture();
    const keyboard = await Keyboard.of(session.page, layout, system);
    await keyboard.type('cat > typed.txt\n');
    await expect.poll(() => terminal.has('typed.txt')).toBe(true);
    await keyboard.type(`${text}\n`);
    await keyboard.chord(['ControlLeft', 'KeyD']);
    await expect.poll(() => terminal.read('typed.txt')).toBe(`${text}\n`);
  });
}

test('Ctrl+C stops the program in the console', async ({ startX11Console, openTerminal, startSession }) => {
  const { console } = await startX11Console();
  const terminal = await openTerminal(console);
  const session = await startSession('technician');
  await session.focusPicture();
  const keyboard = await Keyboard.of(session.page);
  await keyboard.type('cat > running.txt\n');
  await expect.poll(() => terminal.has('running.txt')).toBe(true);
  await keyboard.type('line\n');
  await expect.poll(() => terminal.read('running.txt')).toBe('line\n');
  await keyboard.chord(['ControlLeft', 'KeyC']);
  await keyboard.type('echo stopped > stopped.txt\n');
  await expect.poll(() => terminal.read('stopped.txt')).toBe('stopped\n');
  expect(terminal.read('running.txt')).toBe('line\n');
});

test('arrow keys move the caret and walk through the history', async ({ startX11Console, openTerminal, startSession }) => {
  const { console } = await startX11Console();
  const terminal = await openTerminal(console);
  const session = await startSession('technician');
  await session.focusPicture();
  const keyboard = await Keyboard.of(session.page);
  await keyboard.type('echo ac');
  await keyboard.chord(['ArrowLeft']);
  await keyboard.type('b');
  await keyboard.chord(['ArrowRight']);
  await keyboard.type(' >> arrows.txt\necho other >> arrows.txt\n');
  await keyboard.chord(['ArrowUp']);
  await keyboard.chord(['ArrowUp']);
  await keyboard.chord(['ArrowDown']);
  await keyboard.chord(['ArrowUp']);
  await keyboard.type('\n');
  await expect.poll(() => terminal.read('arrows.txt')).toBe('abc\nother\nabc\n');
});

test('a key that is held when the page loses the focus does not stay down', async ({ startX11Console, recordEvents, startSession }) => {
  const { console } = await startX11Console();
  const events = await recordEvents(console);
  const session = await startSession('technician');
  await session.focusPicture();
  const keyboard = await Keyboard.of(session.page);
  await keyboard.down('ShiftLeft');
  await keyboard.down('KeyA', ['ShiftLeft'], 'A');
  await expect.poll(() => events.keys()).toContain('A');
  await session.button('Displays').focus();
  await expect.poll(() => events.keysHeld()).toEqual([]);
});
