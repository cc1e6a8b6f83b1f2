// libargon2: password hashing that costs memory.
#pragma once
#include <argon2.h>
