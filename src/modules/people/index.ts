export { CreatePersonDto } from './people.dto.js';
export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export type { PersonFields } from './person.js';
export { KINDS, STATUSES } from './person.js';
