import { expect, type Locator, type Page } from '@playwright/test';

/** Settings > Users and groups. */
export class PeoplePage {
  constructor(readonly page: Page) {}

  async open(tab: 'users' | 'groups' = 'users'): Promise<void> {
    await this.page.goto(tab === 'users' ? '/settings/people' : '/settings/people/groups');
    await expect(this.page.getByRole('heading', { name: 'Users and groups', level: 1 })).toBeVisible();
  }

  row(name: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name, exact: true }) });
  }

  async search(text: string): Promise<void> {
    await this.page.getByRole('searchbox').fill(text);
  }

  /** Opens the page of a user or a group that the present list shows. */
  async openEntry(name: string): Promise<void> {
    await this.search(name);
    await this.page.getByRole('link', { name, exact: true }).click();
    await expect(this.page.getByRole('heading', { name, level: 1 })).toBeVisible();
  }

  /** Adds somebody, and answers with the invitation link. */
  async addUser(name: string, email: string): Promise<string> {
    await this.page.getByRole('button', { name: 'Add user' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Add user' });
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('Email').fill(email);
    await dialog.getByRole('button', { name: 'Add user', exact: true }).click();
    await expect(dialog.getByText(`${name} is added.`)).toBeVisible();
    const link = await dialog.locator('code').textContent();
    if (!link) throw new Error('no invitation link is shown');
    return link;
  }

  /** A panel of a user's or a group's page. */
  panel(name: string): Locator {
    return this.page.getByRole('region', { name });
  }
}
