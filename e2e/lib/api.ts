/** The REST API, as the page of somebody who is signed in uses it. */

import type { Page } from '@playwright/test';

export class Api {
  constructor(
    private readonly page: Page,
    private readonly origin: string,
  ) {}

  async get<T>(path: string): Promise<T> {
    const answer = await this.page.request.get(`/api/v1${path}`);
    if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  post(path: string, data: unknown): Promise<unknown> {
    return this.send('POST', path, data);
  }

  put(path: string, data: unknown): Promise<unknown> {
    return this.send('PUT', path, data);
  }

  private async send(method: string, path: string, data: unknown): Promise<unknown> {
    const headers = { 'x-redring-request': '1', origin: this.origin };
    const answer = await this.page.request.fetch(`/api/v1${path}`, { method, data, headers });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.json();
  }
}
