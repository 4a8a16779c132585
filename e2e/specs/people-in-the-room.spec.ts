import type { Locator, Page } from '@playwright/test';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import type { XServer } from '../fixtures/x11.ts';
import { until } from '../lib/program.ts';
import { buttonsOf, namesIn, ringOn } from '../lib/ring.ts';
import { RoomPage } from '../pages/room.page.ts';
import { SessionView } from '../pages/session.page.ts';

/** The only button of the ring's line, once it is there. */
const buttonOn = (display: XServer) =>
  until('a button in the ring', () => {
    const [button, other] = buttonsOf(display.picture());
    return button && !other ? button : undefined;
  });

/** Somebody in the room touches the display. */
function touch(display: XServer, { x, y }: { x: number; y: number }): void {
  display.run('xdotool', ['mousemove', String(x), String(y), 'click', '1']);
}

const saysOn = (display: XServer, words: string[], page: Page) => namesIn(display.picture(), words, page);

test('people in the room end the session with End in the ring, and a technician cannot press it for them', async ({
  startX11Console, startSession, server, room, page,
}) => {
  const { console, front } = await startX11Console();
  const session = await startSession('technician');
  const end = await buttonOn(console);
  expect(buttonsOf(front.picture()), 'it is on every display').toEqual([end]);

  const place = await session.place(console.size, end.x, end.y);
  await session.page.mouse.click(place.x, place.y);
  // Commands and input go the same way in order.
  await session.useShortcut('Refresh picture');
  await expect(session.page.getByText('Refresh picture was performed.')).toBeVisible();
  await expect(session.status).toHaveText('Connected');

  touch(front, end);
  await expect(session.status).toHaveText('Ended: People in the room ended the session.');
  await expect.poll(() => server.auditOf(room, 'session.end').map((event) => event.end_reason)).toEqual(['ended_in_room']);
  expect([console, front].map((display) => ringOn(display.picture()))).toEqual(['none', 'none']);
  await expect.poll(() => saysOn(console, [people.technician.name, 'left'], page), 'a last word').toEqual([people.technician.name, 'left']);
  // It is gone after a while.
  await expect.poll(() => saysOn(console, ['left'], page), { timeout: 20_000 }).toEqual([]);
});

test('where that is the policy the ring has no End', async ({ startX11Console, startSession, setPolicies }) => {
  await setPolicies({ room_may_end: false });
  const { console } = await startX11Console();
  await startSession('watcher');
  expect(ringOn(console.picture())).toBe('whole');
  expect(buttonsOf(console.picture())).toEqual([]);
});

async function begin(page: Page, roomPage: RoomPage): Promise<Locator> {
  await roomPage.openRemoteAccess();
  await expect(page.getByText('they have 20 s to decline')).toBeVisible();
  await roomPage.startButton.click();
  const overlay = page.locator('.session-overlay');
  await expect(overlay).toContainText('Asking the room');
  return overlay;
}

test('where that is the policy people in the room decline a session before it starts', async ({
  startX11Console, setPolicies, pageOf, server, room, page,
}) => {
  await setPolicies({ decline_within_s: 20 });
  const { console, front } = await startX11Console();
  const technician = await pageOf('technician');
  await begin(technician, new RoomPage(technician, room));
  const decline = await buttonOn(console);
  expect(ringOn(console.picture()), 'nobody is connected yet').toBe('none');
  await expect.poll(() => saysOn(front, [people.technician.name, 'wants'], page)).toEqual([people.technician.name, 'wants']);
  touch(console, decline);
  await expect(technician.getByText('Somebody in the room declined the session.')).toBeVisible();
  expect(server.auditOf(room, 'session.refused').map((event) => event.code)).toEqual(['declined_in_room']);
  await expect.poll(() => saysOn(console, ['Declined:'], page)).toEqual(['Declined:']);
  expect(buttonsOf(console.picture())).toEqual([]);
});

test('a session that nobody declines begins when the time is over', async ({ startX11Console, setPolicies, pageOf, room }) => {
  await setPolicies({ decline_within_s: 20 });
  const { console } = await startX11Console();
  const technician = await pageOf('technician');
  await begin(technician, new RoomPage(technician, room));
  await expect(new SessionView(technician, room).status).toContainText('Connected', { timeout: 30_000 });
  expect(ringOn(console.picture())).toBe('whole');
});

test('whoever closes the page while the room is asked takes the question back', async ({
  startX11Console, setPolicies, pageOf, server, room,
}) => {
  await setPolicies({ decline_within_s: 20 });
  const { console } = await startX11Console();
  const technician = await pageOf('technician');
  await begin(technician, new RoomPage(technician, room));
  await buttonOn(console);
  await technician.close();
  await expect.poll(() => buttonsOf(console.picture()), 'nobody is asked any more').toEqual([]);
  expect(ringOn(console.picture()), 'nobody was connected').toBe('none');
  await expect.poll(() => server.auditOf(room, 'session.end').map((event) => event.end_reason)).toEqual(['viewer_closed']);
  expect(server.auditOf(room, 'session.refused')).toEqual([]);
});
