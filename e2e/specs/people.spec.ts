import { expectAccessible } from '../fixtures/accessibility.ts';
import { people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { PeoplePage } from '../pages/people.page.ts';
import { RoomsPage } from '../pages/rooms.page.ts';

const OWN_PASSWORD = 'violet harbour seven lamps';

test('somebody who is invited chooses a password, and is signed out at once when the account is disabled', async ({ pageOf, browser, server }) => {
  const administrator = new PeoplePage(await pageOf('administrator'));
  await administrator.open();
  const link = await administrator.addUser('Ines Invited', 'ines@example.com');
  const dialog = administrator.page.getByRole('dialog');
  await expect(dialog.getByText('Whoever has this link can take over the account.', { exact: false })).toBeVisible();
  await expect(dialog.getByText(/Valid until .*\d/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await administrator.search('ines@');
  await expect(administrator.row('Ines Invited')).toContainText('Invited');

  const invited = await (await browser.newContext()).newPage();
  await invited.goto(link);
  await expect(invited.getByText('ines@example.com')).toBeVisible();
  await expect(invited).toHaveURL(`${server.url}/welcome`);
  await invited.getByLabel('Password', { exact: true }).fill('short');
  await invited.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(invited.getByRole('alert')).toContainText('Too short');
  await invited.getByLabel('Password', { exact: true }).fill(OWN_PASSWORD);
  await invited.getByRole('button', { name: 'Set password and sign in' }).click();
  await new RoomsPage(invited).expectShown();

  await test.step('the link is spent', async () => {
    const late = await (await browser.newContext()).newPage();
    await late.goto(link);
    await expect(late.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
    await expect(late.getByText('Ask your administrator for a new invitation link.', { exact: false })).toBeVisible();
    await late.context().close();
  });

  await test.step('disable the account', async () => {
    await administrator.openEntry('Ines Invited');
    const { page } = administrator;
    await page.getByRole('button', { name: 'Disable account' }).click();
    const question = page.getByRole('dialog', { name: 'Disable this account?' });
    await expect(question).toContainText('signed out everywhere at once');
    await question.getByRole('button', { name: 'Disable account' }).click();
    await expect(page.getByRole('button', { name: 'Enable account' })).toBeFocused();
    await expect(invited.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await expect(invited.getByText('You were signed out', { exact: false })).toBeVisible();
    await invited.getByLabel('Email').fill('ines@example.com');
    await invited.getByLabel('Password', { exact: true }).fill(OWN_PASSWORD);
    await invited.getByRole('button', { name: 'Sign in' }).click();
    await expect(invited.getByRole('alert')).toBeVisible();
  });
  await invited.context().close();
});

test('a refusal of the server stands in the dialog and loses nothing of what was typed', async ({ pageOf }) => {
  const { page } = new PeoplePage(await pageOf('administrator'));
  await new PeoplePage(page).open();
  await page.getByRole('button', { name: 'Add user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Tessa Twice');
  await dialog.getByLabel('Email').fill(people.technician.email);
  await dialog.getByRole('button', { name: 'Add user', exact: true }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(dialog.getByLabel('Name')).toHaveValue('Tessa Twice');
});

test('a group gets members, loses one, and is deleted', async ({ pageOf }) => {
  const groups = new PeoplePage(await pageOf('administrator'));
  const { page } = groups;
  await groups.open('groups');
  await page.getByRole('button', { name: 'Add group' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add group' });
  await dialog.getByLabel('Name').fill('Night shift');
  await dialog.getByLabel('Description').fill('On call after six');
  await dialog.getByRole('button', { name: 'Add group', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Night shift', level: 1 })).toBeVisible();

  const members = groups.panel('Members');
  const field = members.getByRole('combobox', { name: 'Add members' });
  for (const person of [people.technician, people.watcher]) {
    await field.fill(person.email);
    await page.getByRole('option', { name: person.name }).click();
    await expect(members.getByRole('link', { name: person.name })).toBeVisible();
  }
  await expect(members.getByRole('status').filter({ hasText: '2 members' })).toBeVisible();
  await members.locator('#member-rows').getByRole('button', { name: `Remove ${people.watcher.name}` }).click();
  await expect(members.getByRole('listitem').filter({ hasText: people.watcher.name })).toHaveCount(0);
  await expect(members.getByRole('link', { name: people.technician.name })).toBeVisible();

  await page.getByRole('textbox', { name: 'Description' }).fill('On call after eight');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The group is saved.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete group' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete group' }).click();
  await expect(page.getByRole('heading', { name: 'Users and groups' })).toBeVisible();
  await expect(page.getByText('The group is deleted.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Night shift' })).toHaveCount(0);
});

test('a table is checked line by line before it is applied', async ({ pageOf }) => {
  const page = await pageOf('administrator');
  await page.goto('/settings/people/import');
  const check = async (table: string) => {
    await page.getByLabel('Or paste the table').fill(table);
    await page.getByRole('button', { name: 'Check' }).click();
  };
  await check('email,name,groups\nno address,Nobody,\nimp@example.com,Imp Ort,Imported');
  await expect(page.getByRole('heading', { name: 'What has to be mended' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Line 2' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Apply' })).toHaveCount(0);

  await check('email,name,groups\nimp@example.com,Imp Ort,Imported');
  await expect(page.getByRole('heading', { name: 'What would change' })).toBeFocused();
  const line = page.getByRole('listitem').filter({ hasText: 'imp@example.com' });
  await expect(line).toContainText('Line 2');
  await expect(line).toContainText('New account: Imp Ort');
  await expect(line).toContainText('Joins Imported');

  // What was checked is what is applied.
  await page.getByLabel('Or paste the table').press('End');
  await page.getByLabel('Or paste the table').pressSequentially(' ');
  await expect(page.getByRole('button', { name: 'Apply' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('heading', { name: 'What has changed' })).toBeFocused();

  const list = new PeoplePage(page);
  await list.open();
  await list.search('imp@example.com');
  await expect(list.row('Imp Ort')).toContainText('Invited');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  expect((await download).suggestedFilename()).toBe('users.csv');
});

test('a file of a table is read, and one that is no text is refused with what to do', async ({ pageOf }) => {
  const page = await pageOf('administrator');
  await page.goto('/settings/people/import');
  const file = (buffer: Buffer) => ({ name: 'people.csv', mimeType: 'text/csv', buffer });
  await page.getByLabel('CSV file').setInputFiles(file(Buffer.from('email,name\nJürgen', 'latin1')));
  await expect(page.getByRole('alert').filter({ hasText: 'CSV UTF-8' })).toBeVisible();
  await page.getByLabel('CSV file').setInputFiles(file(Buffer.from('email,name\njuergen@example.com,Jürgen', 'utf8')));
  await expect(page.getByLabel('Or paste the table')).toHaveValue('email,name\njuergen@example.com,Jürgen');
});

test('who may only look sees no controls', async ({ newPerson, administer }) => {
  const reader = await newPerson('Rita Reader');
  await administer('POST', '/roles', {
    name: 'Readers of roles',
    permissions: ['role.view'],
    assignment: { name: 'Readers', users: [reader.id], everywhere: true },
  });
  const list = new PeoplePage(reader.page);
  await list.open();
  await list.search(people.technician.email);
  await expect(list.row(people.technician.name)).toBeVisible();
  await expect(reader.page.getByRole('button', { name: 'Add user' })).toHaveCount(0);
  await expect(reader.page.getByRole('link', { name: 'Import' })).toHaveCount(0);
  await list.openEntry(people.technician.name);
  await expect(list.panel('Assignments')).toContainText('Console technicians');
  for (const name of ['Disable account', 'New invitation link', 'Save name']) {
    await expect(reader.page.getByRole('button', { name })).toHaveCount(0);
  }
  await list.open('groups');
  await expect(reader.page.getByRole('button', { name: 'Add group' })).toHaveCount(0);
  await reader.page.goto('/settings/people/import');
  await expect(reader.page.getByRole('button', { name: 'Check' })).toHaveCount(0);
});

test('the list of users and its search work with the keyboard, and the address keeps the search', async ({ pageOf }) => {
  const list = new PeoplePage(await pageOf('administrator'));
  const { page } = list;
  await list.open();
  await expect(list.row(people.watcher.name)).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('watch@');
  await expect(page).toHaveURL(/\?q=watch/);
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('link', { name: people.watcher.name })).toBeFocused();
  await page.reload();
  await expect(page.getByRole('searchbox')).toHaveValue('watch@');
  await page.getByRole('radio', { name: 'Disabled' }).check();
  await expect(page.getByText('Nobody matches')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(list.row(people.administrator.name)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the pages about people are accessible and fit in ${colorScheme} colours`, async ({ pageOf, administer, page: welcome, server }) => {
    const { user } = await administer('POST', '/users', { name: `Ada-${'a'.repeat(60)} ${colorScheme}`, email: `long.${colorScheme}@example.com` });
    const group = await administer('POST', '/groups', { name: `Everybody ${colorScheme}`, members: [user.id] });
    const { url } = await administer('POST', `/users/${user.id}/invitation`);
    const page = await pageOf('administrator');
    for (const each of [page, welcome]) await each.emulateMedia({ colorScheme });
    const expectFit = async (each: typeof page) => {
      await expect(each.locator('.skeleton')).toHaveCount(0);
      await expect(each.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expectAccessible(each);
      // The second is 1280 px at 200 %.
      for (const width of [320, 640]) {
        await each.setViewportSize({ width, height: 640 });
        expect(await each.evaluate(() => document.documentElement.scrollWidth), `${each.url()} at ${width} px`).toBeLessThanOrEqual(width);
      }
      await each.setViewportSize({ width: 1400, height: 1000 });
    };
    for (const path of ['/settings', '/settings/people', '/settings/people/groups', '/settings/people/import', `/settings/people/users/${user.id}`, `/settings/people/groups/${group.group.id}`]) {
      await page.goto(path);
      await expectFit(page);
    }
    await page.goto('/settings/people');
    await page.getByRole('button', { name: 'Add user' }).click();
    await expectAccessible(page);
    await welcome.goto(url);
    await expect(welcome.getByLabel('Password', { exact: true })).toBeVisible();
    await expectFit(welcome);
    await welcome.goto(`${server.url}/welcome#nothing`);
    await welcome.reload();
    await expectFit(welcome);
  });
}
