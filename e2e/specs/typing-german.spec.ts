import { expect, test } from '../fixtures/test.ts';
import { press, typeAt } from '../fixtures/desk.ts';
import { RoomPage } from '../pages/room.page.ts';

// The other specs say to the page what a browser would; here the browser has to find it out itself.
const TEXT = 'Zwölf Boxkämpfer, ÄÖÜß: @€{}[]\\|~ §$%&/()=?+*#\'-_<>;.!" 1234567890 qq@@q@';

test('a German keyboard at the display of the browser types the characters on its keys, those with AltGr among them', async ({
  startX11Console, openTerminal, startDesk, room,
}) => {
  const { console } = await startX11Console();
  console.layout('de');
  const terminal = await openTerminal(console);
  const desk = await startDesk('technician', 'de');
  const roomPage = new RoomPage(desk.page, room);
  await roomPage.openRemoteAccess();
  const session = await roomPage.startSession();
  await session.focusPicture();
  typeAt(desk, 'de', 'cat > typed.txt\n');
  await expect.poll(() => terminal.has('typed.txt')).toBe(true);
  typeAt(desk, 'de', `${TEXT}\n`);
  press(desk.screen, [['ControlLeft', 'KeyD']]);
  await expect.poll(() => terminal.read('typed.txt')).toBe(`${TEXT}\n`);
});
