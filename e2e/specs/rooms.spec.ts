import { expect, test } from '../fixtures/test.ts';
import { RoomsPage } from '../pages/rooms.page.ts';

test('a room shows by itself that its console came and went', async ({ pageOf, startAgent, room }) => {
  const rooms = new RoomsPage(await pageOf('technician'));
  await rooms.open();
  await rooms.search(room.name);
  const row = rooms.row(room.name);
  await expect(row).toContainText('Not enrolled');
  const agent = await startAgent();
  await expect(row).toContainText('Healthy');
  await agent.stop();
  await expect(row).toContainText('Disconnected');
});

test('the search narrows the list to the rooms it names', async ({ pageOf }) => {
  const rooms = new RoomsPage(await pageOf('technician'));
  await rooms.open();
  await rooms.search('Room 07');
  await expect(rooms.link('Room 07')).toBeVisible();
  await expect(rooms.link('Room 08')).toHaveCount(0);
});

test('rooms of another tenant do not exist', async ({ pageOf }) => {
  const page = await pageOf('outsider');
  const rooms = new RoomsPage(page);
  await rooms.open();
  await expect(rooms.link('Room 901')).toBeVisible();
  await expect(rooms.link('Room 01')).toHaveCount(0);
  for (const path of ['rooms/room-01', 'rooms/no-such-room']) {
    const answer = await page.request.get(`/api/v1/${path}`);
    expect(answer.status(), path).toBe(404);
    expect((await answer.json()).code, path).toBe('not_found');
  }
});
