import { expectAccessible } from '../fixtures/accessibility.ts';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { PeoplePage } from '../pages/people.page.ts';
import { RoomPage } from '../pages/room.page.ts';

test('the room and the person name the assignment that grants access', async ({ pageOf, room }) => {
  const page = await pageOf('administrator');
  await new RoomPage(page, room).openRemoteAccess();
  const report = page.getByRole('region', { name: 'Who can reach this room?' });
  const technician = report.getByRole('listitem').filter({ has: page.getByRole('link', { name: people.technician.name }) }).first();
  await expect(technician).toContainText('Modify');
  await expect(technician).toContainText('Console technicians gives Modify with the role Console technicians, for this room itself.');
  await expect(report).not.toContainText(people.administrator.name);
  await report.getByRole('searchbox').fill('walt');
  await expect(technician).toHaveCount(0);
  await expect(report).toContainText('Console viewers gives View');
  await expectAccessible(page);

  await report.getByRole('searchbox').fill('');
  await page.getByRole('link', { name: people.technician.name }).click();
  await expect(page.getByRole('heading', { name: people.technician.name, level: 1 })).toBeVisible();
  const rooms = page.getByRole('region', { name: 'Which rooms can this person reach?' });
  await rooms.getByRole('searchbox').fill(room.name);
  await expect(rooms.getByRole('link', { name: room.name })).toBeVisible();
  // Other tests add rooms that this person reaches.
  await expect(rooms).toContainText(/1 of \d+ rooms/);
  await expect(rooms).toContainText('Console technicians gives Modify');
});

test('access through a group, by a place and by oneself is told apart', async ({ administer, newPerson, pageOf }) => {
  const person = await newPerson('Gina Group');
  const { group } = await administer('POST', '/groups', { name: 'Berlin staff', members: [person.id] });
  const { users } = await administer('GET', `/users?q=${people.administrator.email}`);
  const { role } = await administer('POST', '/roles', {
    name: 'Berlin lookers',
    permissions: ['room.view', 'remote_access.view'],
    assignment: { name: 'Berlin', users: [users[0].id], groups: [group.id], places: ['Germany/Berlin'] },
  });
  const list = new PeoplePage(await pageOf('administrator'));
  await list.open();
  await list.openEntry(person.name);
  const rooms = list.panel('Which rooms can this person reach?');
  await expect(rooms.getByText('Berlin gives View with the role Berlin lookers through the group Berlin staff, for Germany › Berlin.').first()).toBeVisible();
  await expect(rooms.getByText('Gave this to themselves')).toHaveCount(0);
  await rooms.getByRole('button', { name: 'Show more' }).focus();
  await list.page.keyboard.press('Enter');
  await expect(rooms.getByRole('link', { name: 'Room 40' })).toBeVisible();
  await expect(rooms.getByRole('button', { name: 'Show more' })).toBeFocused();
  // To the last page, where the button is gone: then the focus is on the first room of that page.
  const links = rooms.getByRole('link', { name: /^Room / });
  do {
    const before = await links.count();
    await list.page.keyboard.press('Enter');
    await expect.poll(() => links.count()).toBeGreaterThan(before);
    await expect(rooms.locator('button:focus, a:focus')).toHaveCount(1);
  } while ((await rooms.locator('button:focus').count()) > 0);
  await expect(rooms.locator('a:focus')).toHaveText(/^Room \d+$/);
  await expect(rooms.getByRole('button', { name: 'Show more' })).toHaveCount(0);

  await list.open();
  await list.openEntry(people.administrator.name);
  await expect(rooms.getByText('Gave this to themselves').first()).toBeVisible();
  await administer('DELETE', `/roles/${role.id}`);
});

test('a disabled account reaches nothing, and the page says so', async ({ administer, newPerson, pageOf }) => {
  const person = await newPerson('Dora Disabled');
  await administer('PUT', `/users/${person.id}`, { name: person.name, disabled: true, version: 1 });
  const list = new PeoplePage(await pageOf('administrator'));
  await list.open();
  await list.openEntry(person.name);
  await expect(list.panel('Which rooms can this person reach?')).toContainText('This account is disabled');
});

test('who may see no reports sees no report on the room', async ({ pageOf, room }) => {
  const page = await pageOf('technician');
  await new RoomPage(page, room).openRemoteAccess();
  await expect(page.getByRole('heading', { name: 'What has to be right' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Who can reach this room?' })).toHaveCount(0);
});
