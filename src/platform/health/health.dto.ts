import { Expose } from 'class-transformer';

/** Whether the process can work. */
export class HealthResponse {
  /** `ok`, or `shutting_down` once a stop signal came. */
  @Expose()
  status: string;

  /** The services that were asked, all of them well. */
  @Expose()
  checks: string[];
}
